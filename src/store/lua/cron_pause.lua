-- cron_pause.lua: pauses entries of the timetable or lets them go on, all of them or none.
-- ARGV     2.. of each entry: name, '' to pause it, or its next slot in epoch ms, expression and zone for which that was found; four at a time
-- returns  {'paused', was, …}: of each entry '1' if it was so already; {'unknown', name}: there is no such entry; {'changed', name}: it has another
--          expression or zone by now; nothing was changed in both cases, nor with {'wrong-type', key}
-- O(entries)
local wrong = first_wrong({ CRON, 'zset' })
if wrong then return { 'wrong-type', wrong } end
for i = 2, #ARGV, 4 do
  local fields = redis.call('HMGET', cron_key(ARGV[i]), 'expression', 'zone')
  if not fields[1] then return { 'unknown', ARGV[i] } end
  if ARGV[i + 1] ~= '' and (fields[1] ~= ARGV[i + 2] or fields[2] ~= ARGV[i + 3]) then return { 'changed', ARGV[i] } end
end
local reply = { 'paused' }
for i = 2, #ARGV, 4 do
  local pause = ARGV[i + 1] == ''
  local was = (redis.call('HGET', cron_key(ARGV[i]), 'paused') == '1') == pause
  reply[#reply + 1] = was and '1' or '0'
  if not was then
    redis.call('HSET', cron_key(ARGV[i]), 'paused', pause and '1' or '')
    set_next(ARGV[i], ARGV[i + 1])
  end
end
tell_workers()
return reply
