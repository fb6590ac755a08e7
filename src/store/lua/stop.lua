-- stop.lua: asks for the stop of a running job; one that does not run is left alone.
-- ARGV     2 id, 3 exc_string for a job whose worker is gone (base64 zlib), 4 the execution that is meant, '' for whichever runs
-- returns  {'stopping', queue, worker, execution}: its worker was told, and finds it in its next heartbeat if it did not hear;
--          {'stopped', queue, 1 when more children are to be judged}: it was running under a lease that has lapsed; {'idle', state}: it does not run, or not this execution; {'missing'}
-- O(log n)
local id, meant = ARGV[2], ARGV[4]
local fields = redis.call('HMGET', job_key(id), 'status', 'origin', 'worker_name')
if not fields[1] then return { 'missing' } end
if fields[1] ~= 'started' then return { 'idle', fields[1] } end
if meant ~= '' and redis.call('EXISTS', executions_key(id)) == 1 and not redis.call('ZSCORE', executions_key(id), meant) then
  return { 'idle', fields[1] }
end
local answer = stop_started(id, fields[2] or '', fields[3] or '', ARGV[3], settle_noted)
if answer[1] == 'ended' then return { 'idle', answer[2] } end
return answer
