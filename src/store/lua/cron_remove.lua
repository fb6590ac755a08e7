-- cron_remove.lua: takes entries out of the timetable, all of them or none; the jobs that they made stay.
-- ARGV     2.. names
-- returns  {'removed'}; {'unknown', name}: there is no such entry; nothing was changed
-- O(names)
for i = 2, #ARGV do
  if redis.call('EXISTS', cron_key(ARGV[i])) == 0 then return { 'unknown', ARGV[i] } end
end
for i = 2, #ARGV do
  redis.call('UNLINK', cron_key(ARGV[i]))
  redis.call('ZREM', CRON, ARGV[i])
end
return { 'removed' }
