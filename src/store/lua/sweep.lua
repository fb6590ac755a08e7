-- sweep.lua: puts back the jobs of a queue whose workers died, and forgets what its registries hold beyond its time.
-- ARGV     2 queue, 3 exc_string for a job whose crash budget is used up (base64 zlib), 4 crash budget,
--          5 exc_string for a job that a dead worker was to stop
-- returns  {'swept', id, fate, …}: fate is queued, failed or stopped
-- O(100) each
local queue = ARGV[2]
local crash = { given_up = ARGV[3], budget = tonumber(ARGV[4]), stopped = ARGV[5] }
local wip = registry_key('wip', queue)
local reply = { 'swept' }

for _, member in ipairs(redis.call('ZRANGEBYSCORE', wip, '-inf', '(' .. NOW, 'LIMIT', 0, 100)) do
  local id, execution = member:match('^([^:]*):?(.*)$')
  redis.call('ZREM', wip, member)
  local fate = lose_execution(id, execution, queue, crash)
  if fate then
    reply[#reply + 1] = id
    reply[#reply + 1] = fate
  end
end

redis.call('ZREMRANGEBYSCORE', registry_key('finished', queue), 0, NOW)
redis.call('ZREMRANGEBYSCORE', registry_key('failed', queue), 0, NOW)
for _, id in ipairs(redis.call('ZRANGE', registry_key('canceled', queue), 0, 99)) do
  if redis.call('EXISTS', job_key(id)) == 0 then redis.call('ZREM', registry_key('canceled', queue), id) end
end
return reply
