-- renew.lua: a worker's heartbeat, and that of the execution it runs.
-- ARGV     2 worker, 3 seconds until Redis forgets the worker, 4 lease in seconds, then id, execution and queue of what it runs, if anything
-- returns  {tag, 'shutdown' or ''}: whether somebody wants the worker to end. Tags: 'idle', 'held', 'stop': somebody wants this job stopped,
--          'kill': and this executor killed, 'lost': the lease is gone, 'unregistered': Redis does not know this worker any more
-- O(log n)
local worker = worker_key(ARGV[2])
if redis.call('EXISTS', worker) == 0 then return { 'unregistered', '' } end
local wishes = redis.call('HMGET', worker, 'rqt_asked', 'rqt_kill')
local asked = wishes[1] or ''
redis.call('HSET', worker, 'last_heartbeat', stamp())
redis.call('EXPIRE', worker, ARGV[3])
local id, execution, queue, lease = ARGV[5], ARGV[6], ARGV[7], tonumber(ARGV[4])
if not id then return { 'idle', asked } end
if clear_gone(id) or not holds_lease(id, execution, queue) then
  -- Others (Python) cancel and delete a running job and leave these.
  end_lease(id, execution, queue)
  return { 'lost', asked }
end
redis.call('ZADD', registry_key('wip', queue), 'XX', NOW + lease, id .. ':' .. execution)
redis.call('HSET', execution_key(id, execution), 'id', execution, 'job_id', id, 'last_heartbeat', NOW_F, 'worker_name', ARGV[2])
redis.call('HSETNX', execution_key(id, execution), 'created_at', NOW_F)
redis.call('EXPIRE', execution_key(id, execution), lease + 60)
redis.call('ZADD', executions_key(id), NOW + lease + 60, execution)
redis.call('EXPIRE', executions_key(id), lease + 60)
redis.call('HSET', job_key(id), 'last_heartbeat', stamp())
if redis.call('HEXISTS', job_key(id), 'rqt_stop') == 1 then return { 'stop', asked } end
if wishes[2] == execution then return { 'kill', asked } end
return { 'held', asked }
