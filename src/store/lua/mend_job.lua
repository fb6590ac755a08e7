-- mend_job.lua: a job whose hash is damaged, that is in no place, or whose callback nobody would run is put right; one that cannot be run any more fails, with a reason.
-- ARGV     2 id, 3 to 6 see read_crash(), 7 exc_string for a job that fails here (base64 zlib), 8 what stands in for a payload that is lost
-- returns  {'mended', what was done}, {'fine'} or {'blocked', key}: that key holds something of another type
-- O(length of the queue + jobs that run); times the queues when its queue is not known
local id = ARGV[2]
local crash = read_crash(3)
local key = job_key(id)
local wrong = wrong_key('', id)
if wrong then return { 'blocked', wrong } end
if redis.call('EXISTS', key) == 0 then return { 'fine' } end
local fields = redis.call('HMGET', key, 'status', 'origin')
local status, queue = fields[1], present(fields[2])
local has_data = redis.call('HSTRLEN', key, 'data') > 0
local done = {}
local function did(what) done[#done + 1] = what end

if not has_data and not status then
  -- A late heartbeat of Python's, after a delete: nothing of the job is left.
  delete_job(id, queue or '', 'none')
  return { 'mended', 'removed: it held neither a payload nor a state' }
end

-- Where a job of one queue is found, as the state that belongs there.
local function state_by_place(name)
  if wrong_key(name, id) then return nil end
  if is_listed(id, queue_key(name)) then return 'queued' end
  if lease_in(name, id) then return 'started' end
  for _, registry in ipairs(REGISTRIES) do
    if redis.call('ZSCORE', registry_key(registry, name), id) then return registry end
  end
  return nil
end

local is_lost = not has_data
local found
if not queue then
  for _, name in ipairs(queue_names()) do
    found = state_by_place(name)
    if found then
      queue = name
      break
    end
  end
  -- Which queue it was for cannot be known: no worker of another one may run it.
  if not queue then
    queue = 'default'
    is_lost = true
  end
  redis.call('HSET', key, 'origin', queue)
  did('noted as of queue ' .. queue)
end
wrong = wrong_key(queue, id)
if wrong then return { 'blocked', wrong } end
if not KNOWN[status] and not FOREIGN[status] then
  status = found or state_by_place(queue)
  if status then
    redis.call('HSET', key, 'status', status)
    did('marked as ' .. status .. ', which is where it was found')
  else
    status = 'created'
    is_lost = true
  end
end

local function is_whole(text) return text:match('^%-?%d+$') end
local function check(name, is_right, otherwise)
  local value = redis.call('HGET', key, name)
  if not value or is_right(value) then return end
  local new = otherwise(value)
  if new then redis.call('HSET', key, name, new) else redis.call('HDEL', key, name) end
  did('corrected ' .. name)
end
local function drop() return nil end
if not is_stamp(redis.call('HGET', key, 'created_at') or '') then
  local enqueued = redis.call('HGET', key, 'enqueued_at')
  redis.call('HSET', key, 'created_at', enqueued and is_stamp(enqueued) and enqueued or stamp())
  did('corrected created_at')
end
if not is_whole(redis.call('HGET', key, 'timeout') or '') and status ~= 'created' then
  redis.call('HSET', key, 'timeout', 180)
  did('corrected timeout')
end
check('enqueued_at', is_stamp, drop)
for _, name in ipairs({ 'started_at', 'ended_at', 'last_heartbeat' }) do
  check(name, function(value) return value == '' or is_stamp(value) end, function() return '' end)
end
for _, name in ipairs({ 'result_ttl', 'failure_ttl', 'ttl', 'retries_left', 'repeats_left', 'success_callback_timeout',
  'failure_callback_timeout', 'stopped_callback_timeout' }) do
  check(name, is_whole, function(value) return whole(value) and string.format('%d', whole(value)) end)
end
for _, name in ipairs({ 'enqueue_at_front', 'allow_dependency_failures' }) do
  check(name, function(value) return value == '0' or value == '1' end, function(value) return value:lower() == 'true' and '1' or nil end)
end
for _, name in ipairs({ 'dependency_ids', 'retry_intervals', 'repeat_intervals' }) do
  check(name, function(value)
    local ok, list = pcall(cjson.decode, value)
    return ok and type(list) == 'table' and value:match('^%s*%[')
  end, drop)
end

if not has_data then
  redis.call('HSET', key, 'data', ARGV[8])
  did('given a stand-in for its payload')
end
local has_ended = status == 'finished' or is_bad_end(status)
if is_lost and not has_ended and not (status == 'started' and has_lease(id, queue)) then
  redis.call('LREM', queue_key(queue), 0, id)
  redis.call('ZREM', EXPIRING, id)
  for _, registry in ipairs(REGISTRIES) do redis.call('ZREM', registry_key(registry, queue), id) end
  for _, execution in ipairs(redis.call('ZRANGE', executions_key(id), 0, -1)) do end_lease(id, execution, queue) end
  redis.call('SADD', P .. ':queues', queue_key(queue))
  add_result(id, 2, { worker = '', exc_string = ARGV[7] })
  end_badly(id, queue, 'failed')
  return { 'mended', 'failed, with the reason' .. (redis.call('EXISTS', key) == 0 and ', and removed: its failure-ttl is 0' or '') }
end
local placed = put_to_place(id, queue, crash)
if placed then did(placed) end
if list_owed_callback(id, queue) then did('listed for its callback') end
if #done == 0 then return { 'fine' } end
return { 'mended', table.concat(done, ', ') }
