-- suspension.lua: what suspend and resume share. Put behind prelude.lua.

local function suspended_key(queue) return P .. ':rqt:suspended:' .. queue end

-- Somebody has put a job there, or works on it.
local function is_known_queue(queue)
  return redis.call('SISMEMBER', P .. ':queues', queue_key(queue)) == 1 or redis.call('EXISTS', P .. ':workers:' .. queue) == 1
end
