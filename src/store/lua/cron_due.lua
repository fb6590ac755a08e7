-- cron_due.lua: the entries whose slot has come. It changes nothing.
-- ARGV     none of its own
-- returns  {'due', now in epoch ms, then of each entry: name, next slot, expression, zone, catch_up, retry; six at a time}
-- O(100)
local reply = { 'due', string.format('%d', NOW_MS) }
for _, name in ipairs(redis.call('ZRANGEBYSCORE', CRON, '-inf', NOW_MS, 'LIMIT', 0, 100)) do
  local fields = redis.call('HMGET', cron_key(name), 'next', 'expression', 'zone', 'catch_up', 'retry')
  reply[#reply + 1] = name
  for i = 1, 5 do reply[#reply + 1] = fields[i] or '' end
end
return reply
