-- mend_cron.lua: lists an entry of `rqt cron` in the timetable for its next slot; a name there without an entry is taken out.
-- ARGV     2 name, 3 expression, 4 zone, 5 the next slot of those in epoch ms, '' when there is none
-- returns  {'mended', what was done} or {'fine'}: it is another entry now
-- O(log n)
local name = ARGV[2]
if redis.call('EXISTS', cron_key(name)) == 0 then
  return redis.call('ZREM', CRON, name) == 1 and { 'mended', 'taken out' } or { 'fine' }
end
local fields = redis.call('HMGET', cron_key(name), 'expression', 'zone', 'paused', 'next')
if fields[1] ~= ARGV[3] or fields[2] ~= ARGV[4] then return { 'fine' } end
if fields[3] == '1' then
  set_next(name, '')
  return { 'mended', 'listed as paused' }
end
local next = number(fields[4])
if next and fields[4]:match('^%d+$') then set_next(name, fields[4]) else set_next(name, ARGV[5]) end
tell_workers()
return { 'mended', 'listed for its next slot' }
