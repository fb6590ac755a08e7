-- requeue.lua: runs a job again that has ended. A child whose parents are not met yet is deferred again.
-- ARGV     2 id, 3 '1' at the front
-- returns  {'queued' or 'deferred', queue, 1 when more children are to be judged}, {'unfinished', state}, {'missing'} or {'wrong-type', key}: nothing was changed
-- O(log n + children, 200 at the most)
local id = ARGV[2]
local fields = redis.call('HMGET', job_key(id), 'status', 'origin', 'failure_ttl')
local status, queue = fields[1], present(fields[2]) or 'default'
if not status then return { 'missing' } end
if status ~= 'finished' and not is_bad_end(status) then return { 'unfinished', status } end
local wrong = first_wrong({ queue_key(queue), 'list', registry_key('deferred', queue), 'zset' })
if wrong then return { 'wrong-type', wrong } end
leave_place(id, queue, status)
redis.call('HDEL', job_key(id), 'rqt_reason', 'rqt_canceled_at', 'rqt_canceled_by', 'rqt_due', 'rqt_absent', 'rqt_stop', 'rqt_crashes', 'rqt_expires',
  'rqt_asked_retries')
redis.call('HSET', job_key(id), 'started_at', '', 'ended_at', '', 'worker_name', '', 'origin', queue)
local place
if parents_are_met(id) then
  put_on_queue(id, queue, ARGV[3] == '1')
  place = 'queued'
else
  -- It waits for its parents as they are: one that has ended badly may be requeued, too.
  redis.call('HSET', job_key(id), 'rqt_deferred_again', 1)
  if ARGV[3] == '1' then redis.call('HSET', job_key(id), 'enqueue_at_front', 1) end
  -- Parents that ended while it was canceled may have forgotten it.
  for _, parent in ipairs(redis.call('SMEMBERS', dependencies_key(id))) do wait_for(id, parent) end
  defer(id, queue)
  place = 'deferred'
end
release_dependents(id)
return { place, queue, redis.call('EXISTS', RELEASING) }
