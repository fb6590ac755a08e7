-- note_run.lua: notes until when the queue of an `rqt run` is in use, so that one whose process was killed does not stay for ever.
-- ARGV     2 queue, 3 for how many seconds from now
-- returns  {'noted'}
-- O(log n)
redis.call('ZADD', P .. ':rqt:runs', NOW + tonumber(ARGV[3]), ARGV[2])
return { 'noted' }
