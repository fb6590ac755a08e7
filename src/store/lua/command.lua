-- command.lua: tells a living worker something on its channel, as RQ does (rq/command.py), and notes it where a worker of rqt finds it in its
-- next heartbeat if it did not hear.
-- ARGV     2 worker, 3 command: shutdown or kill-horse
-- returns  {'told', listeners, '1' for a worker of rqt, job that is killed or ''}; {'idle'}: it runs nothing that could be killed;
--          {'missing'}: there is no such worker, or it has died
-- O(listeners)
local key, command = worker_key(ARGV[2]), ARGV[3]
local fields = redis.call('HMGET', key, 'birth', 'death', 'state', 'rqt_version', 'rqt_claim')
if not fields[1] or fields[2] then return { 'missing' } end
local job, meant = '', nil
if command == 'shutdown' then
  redis.call('HSET', key, 'shutdown_requested_date', stamp(), 'rqt_asked', 'shutdown')
elseif fields[4] then
  local execution, queue, id = (fields[5] or ''):match('^([^:]*):(.*):([^:]*)$')
  if not id or not redis.call('ZSCORE', registry_key('wip', queue), id .. ':' .. execution) then return { 'idle' } end
  redis.call('HSET', key, 'rqt_kill', execution)
  job, meant = id, execution
elseif fields[3] ~= 'busy' then
  return { 'idle' }
end
-- A worker of rqt kills only that one: it may run the next job already when it hears.
local listeners = redis.call('PUBLISH', P .. ':pubsub:' .. ARGV[2], cjson.encode({ command = command, rqt_execution = meant }))
return { 'told', listeners, fields[4] and '1' or '0', job }
