-- enqueue.lua: puts jobs on one queue.
-- ARGV     2 queue, 3 '1' at the front, 4 '1' when ids may be in use already, 5 ttl in ms or '', 6 number of shared field values,
--          then those (name, value …), then the jobs: id, data, description; three at a time
-- returns  {'enqueued', number, id, state, …}: how many were enqueued, then each id whose job is still unfinished, with its state;
--          that one was not touched. A finished, failed, stopped or canceled job of the same id is replaced.
-- O(jobs)
local queue, at_front, ids_in_use = ARGV[2], ARGV[3] == '1', ARGV[4] == '1'
local shared_count = tonumber(ARGV[6])
local shared = {}
for i = 1, shared_count do shared[i] = ARGV[6 + i] end
local now = stamp()
local expires = ARGV[5] ~= '' and NOW_MS + tonumber(ARGV[5]) or nil
local ENDED = { finished = true, failed = true, stopped = true, canceled = true }

local fields = {
  'status', 'queued', 'created_at', now, 'enqueued_at', now, 'origin', queue, 'started_at', '', 'ended_at', '', 'last_heartbeat', '',
  'worker_name', '', 'group_id', '', 'success_callback_name', '', 'failure_callback_name', '', 'stopped_callback_name', '',
}
for i = 1, #shared do fields[#fields + 1] = shared[i] end
if expires then
  fields[#fields + 1] = 'rqt_expires'
  fields[#fields + 1] = expires
end

-- Makes room for a job of this id. Returns the state of an unfinished one that is in the way.
local function in_the_way(id)
  local found = redis.call('HMGET', job_key(id), 'status', 'origin')
  if not found[1] then return nil end
  if not ENDED[found[1]] then return found[1] end
  delete_job(id, found[2] or queue, found[1])
  return nil
end

local reply = { 'enqueued', 0 }
local pushed = {}
for i = 7 + shared_count, #ARGV, 3 do
  local id = ARGV[i]
  local state = ids_in_use and in_the_way(id)
  if state then
    reply[#reply + 1] = id
    reply[#reply + 1] = state
  else
    redis.call('HSET', job_key(id), 'data', ARGV[i + 1], 'description', ARGV[i + 2], unpack(fields))
    if expires then redis.call('ZADD', EXPIRING, math.ceil(expires / 1000), id) end
    pushed[#pushed + 1] = id
  end
end
reply[2] = #pushed
if #pushed > 0 then
  redis.call('SADD', P .. ':queues', queue_key(queue))
  redis.call(at_front and 'LPUSH' or 'RPUSH', queue_key(queue), unpack(pushed))
end
return reply
