-- delete.lua: removes a job that does not run, with all it owns. Children that wait for it are canceled.
-- ARGV     2 id, 3 reason for canceled children
-- returns  {'deleted', children canceled, 1 when more are to be judged}, {'running'} or {'missing'}
-- O(length of the queue) for a queued job, else O(log n); plus its descendants, 200 at the most
local id = ARGV[2]
local fields = redis.call('HMGET', job_key(id), 'status', 'origin')
local status, queue = fields[1], fields[2] or ''
if not status then return { 'missing' } end
if status == 'started' then
  for _, execution in ipairs(redis.call('ZRANGE', executions_key(id), 0, -1)) do
    local lease = redis.call('ZSCORE', registry_key('wip', queue), id .. ':' .. execution)
    if lease and tonumber(lease) >= NOW then return { 'running' } end
  end
end
remove_job(id, queue, status, ARGV[3])
return { 'deleted', children_canceled, redis.call('EXISTS', RELEASING) }
