-- lapsing.lua: a last call for those who were not heard in time. Put behind places.lua.

-- Redis itself may have been away, stopped or asleep, and then everybody is late: whoever lives comes back within seconds and is first to be
-- heard. So what has lapsed is given a little longer once, and is lost when it lapses again without a sign. What lapsed long ago is lost.
local OVERDUE = P .. ':rqt:overdue'
local LONG_AGO = 7 * 86400

-- Whether a member whose time is over (score) is lost; else it has more time now, seconds of it.
local function is_lost(key, member, score, seconds)
  local name = key .. ' ' .. member
  local given = redis.call('ZSCORE', OVERDUE, name)
  if (given and tonumber(given) == tonumber(score)) or NOW - tonumber(score) > LONG_AGO then
    if given then redis.call('ZREM', OVERDUE, name) end
    return true
  end
  redis.call('ZADD', key, 'XX', NOW + seconds, member)
  redis.call('ZADD', OVERDUE, NOW + seconds, name)
  redis.call('EXPIRE', OVERDUE, LONG_AGO)
  return false
end

-- Of those who were heard meanwhile, or have ended, nothing is noted any more.
for _, name in ipairs(redis.call('ZRANGE', OVERDUE, 0, 99)) do
  local key, member = name:match('^(.*) ([^ ]*)$')
  if redis.call('ZSCORE', key, member) ~= redis.call('ZSCORE', OVERDUE, name) then redis.call('ZREM', OVERDUE, name) end
end
