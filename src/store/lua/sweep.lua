-- sweep.lua: puts back the jobs of a queue whose workers died, and releases children whose parents can no longer do it.
-- ARGV     2 queue, 3 exc_string for a job whose crash budget is used up (base64 zlib), 4 crash budget,
--          5 exc_string for a job that a dead worker was to stop, 6 how many seconds longer a lapsed lease is waited for, once
-- returns  {'swept', how many leases are waited for, id, fate, …}: fate is queued, failed or stopped
-- O(100) each
local queue = ARGV[2]
local crash = { given_up = ARGV[3], budget = tonumber(ARGV[4]), stopped = ARGV[5] }
local wip = registry_key('wip', queue)
local reply = { 'swept', 0 }

local lapsed = redis.call('ZRANGEBYSCORE', wip, '-inf', '(' .. NOW, 'WITHSCORES', 'LIMIT', 0, 100)
for i = 1, #lapsed, 2 do
  local member = lapsed[i]
  local id, execution = member:match('^([^:]*):?(.*)$')
  if is_lost(wip, member, lapsed[i + 1], tonumber(ARGV[6])) then
    redis.call('ZREM', wip, member)
    local fate = lose_execution(id, execution, queue, crash)
    if fate then
      reply[#reply + 1] = id
      reply[#reply + 1] = fate
    end
  else
    reply[2] = reply[2] + 1
  end
end

-- A few at random each time, so that in the end each is looked at: others (Python) add children to parents that have ended already.
for _, id in ipairs(redis.call('ZRANDMEMBER', registry_key('deferred', queue), 20)) do
  look_at_deferred(id, queue)
end

return reply
