-- sweep.lua: puts back the jobs of a queue whose workers died, and releases children whose parents can no longer do it.
-- ARGV     2 queue, 3 how many seconds longer a lapsed lease is waited for, once, 4 to 7 see read_crash()
-- returns  {'swept', how many leases are waited for, how many callbacks are due, then id and what lose_execution() returned, eleven at a time}
-- O(100) each
local queue = ARGV[2]
local crash = read_crash(4)
local wip = registry_key('wip', queue)
local reply = { 'swept', 0, 0 }

local lapsed = redis.call('ZRANGEBYSCORE', wip, '-inf', '(' .. NOW, 'WITHSCORES', 'LIMIT', 0, 100)
for i = 1, #lapsed, 2 do
  local member = lapsed[i]
  local id, execution = member:match('^([^:]*):?(.*)$')
  if is_lost(wip, member, lapsed[i + 1], tonumber(ARGV[3])) then
    redis.call('ZREM', wip, member)
    local fate = lose_execution(id, execution, queue, crash)
    if fate then
      reply[#reply + 1] = id
      for j = 1, #fate do reply[#reply + 1] = fate[j] end
    end
  else
    reply[2] = reply[2] + 1
    -- Its worker may live and believe that it has time: a machine was asleep, or Redis's clock was set.
    tell_workers({ overdue = execution })
  end
end

-- A few at random each time, so that in the end each is looked at: others (Python) add children to parents that have ended already.
for _, id in ipairs(redis.call('ZRANDMEMBER', registry_key('deferred', queue), 20)) do
  look_at_deferred(id, queue)
end

-- None of them would be taken while the queue is suspended, or can have no leases.
local is_suspended = redis.call('EXISTS', P .. ':suspended') == 1 or redis.call('EXISTS', P .. ':rqt:suspended:' .. queue) == 1
if not is_suspended and not redis.was_wrong(wip) then reply[3] = redis.call('LLEN', callbacks_key(queue)) end
return reply
