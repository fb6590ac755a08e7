-- cancel.lua: a waiting job becomes canceled; a running one is asked to stop.
-- ARGV     2 id, 3 reason, 4 exc_string for a job whose worker is gone (base64 zlib)
-- returns  {'canceled', queue}; {'stopping', queue, worker, execution}: its worker was told, and finds it in its next heartbeat if it did not hear;
--          {'stopped', queue}: it was running under a lease that has lapsed; {'ended', state}; {'missing'}
-- O(length of the queue) for a queued job, else O(log n)
local id = ARGV[2]
local fields = redis.call('HMGET', job_key(id), 'status', 'origin', 'worker_name')
local status, queue, worker = fields[1], fields[2] or '', fields[3] or ''
if not status then return { 'missing' } end
if status == 'queued' or status == 'deferred' or status == 'scheduled' or status == 'created' then
  cancel_waiting(id, queue, status, ARGV[3])
  return { 'canceled', queue }
end
if status ~= 'started' then return { 'ended', status } end
local executions = redis.call('ZRANGE', executions_key(id), 0, -1)
for _, execution in ipairs(executions) do
  local lease = redis.call('ZSCORE', registry_key('wip', queue), id .. ':' .. execution)
  if lease and tonumber(lease) >= NOW then
    redis.call('HSET', job_key(id), 'rqt_stop', '1')
    redis.call('PUBLISH', P .. ':pubsub:' .. worker, cjson.encode({ command = 'stop-job', job_id = id }))
    return { 'stopping', queue, worker, execution }
  end
end
for _, execution in ipairs(executions) do end_lease(id, execution, queue) end
add_result(id, 3, { worker = worker, exc_string = ARGV[4], execution_id = executions[#executions] })
end_badly(id, queue, 'stopped')
return { 'stopped', queue }
