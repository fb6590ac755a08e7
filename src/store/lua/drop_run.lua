-- drop_run.lua: removes the queue of an `rqt run` with every job on it, whatever state it is in, and its worker.
-- ARGV     2 queue, or '' for the first one that is not in use any more; 3 worker or ''; 4 reason for jobs elsewhere that wait for one of these
-- returns  {'dropped', queue, 1 when there is more to do} or {'none'}: no queue is to be dropped, or one of its jobs runs
-- O(100 jobs)
local RUNS = P .. ':rqt:runs'
local queue, page = ARGV[2], 100
if queue == '' then
  local over = redis.call('ZRANGEBYSCORE', RUNS, '-inf', NOW, 'WITHSCORES', 'LIMIT', 0, 1)
  queue = over[1]
  if queue and not is_lost(RUNS, queue, over[2], 120) then return { 'none' } end
end
if not queue then return { 'none' } end

if #redis.call('ZRANGEBYSCORE', registry_key('wip', queue), NOW, '+inf', 'LIMIT', 0, 1) > 0 then
  -- Its owner was not heard for long, but its worker beats: later.
  if ARGV[2] == '' then redis.call('ZADD', RUNS, NOW + 600, queue) end
  return { 'none' }
end

local removed = 0
local function remove_all(ids)
  for _, id in ipairs(ids) do
    local status = redis.call('HGET', job_key(id), 'status')
    if status then remove_job(id, queue, status, ARGV[4]) end
  end
  removed = removed + #ids
end
local list = redis.call('LRANGE', queue_key(queue), 0, page - 1)
remove_all(list)
for _, id in ipairs(list) do redis.call('LREM', queue_key(queue), 0, id) end
for _, name in ipairs({ 'finished', 'failed', 'canceled', 'deferred', 'scheduled', 'wip' }) do
  local registry = registry_key(name, queue)
  local members = redis.call('ZRANGE', registry, 0, page - 1)
  local ids = {}
  for i, member in ipairs(members) do ids[i] = member:match('^[^:]+') end
  remove_all(ids)
  if #members > 0 then redis.call('ZREM', registry, unpack(members)) end
end
if removed > 0 then
  -- The next step finds it lost at once.
  if ARGV[2] == '' then redis.call('ZADD', RUNS, 0, queue) end
  return { 'dropped', queue, 1 }
end

redis.call('UNLINK', queue_key(queue), P .. ':workers:' .. queue)
redis.call('SREM', P .. ':queues', queue_key(queue))
redis.call('ZREM', RUNS, queue)
if ARGV[3] ~= '' then redis.call('UNLINK', worker_key(ARGV[3])) end
return { 'dropped', queue, ARGV[2] == '' and 1 or redis.call('EXISTS', RELEASING) }
