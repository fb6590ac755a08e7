-- cancel.lua: a waiting job becomes canceled; a running one is asked to stop.
-- ARGV     2 id, 3 reason, 4 exc_string for a job whose worker is gone (base64 zlib)
-- returns  {'canceled', queue, 1 when more children are to be judged}; {'stopping', queue, worker, execution}: its worker was told, and finds it in its next heartbeat if it did not hear;
--          {'stopped', queue, the same}: it was running under a lease that has lapsed; {'ended', state}; {'missing'}
-- O(length of the queue) for a queued job, else O(log n)
local id = ARGV[2]
local fields = redis.call('HMGET', job_key(id), 'status', 'origin', 'worker_name')
local status, queue, worker = fields[1], fields[2] or '', fields[3] or ''
if not status then return { 'missing' } end
if status == 'queued' or status == 'deferred' or status == 'scheduled' or status == 'created' then
  cancel_waiting(id, queue, status, ARGV[3])
  return { 'canceled', queue, redis.call('EXISTS', RELEASING) }
end
if status ~= 'started' then return { 'ended', status } end
return stop_started(id, queue, worker, ARGV[4], settle_noted)
