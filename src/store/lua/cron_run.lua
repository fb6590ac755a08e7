-- cron_run.lua: enqueues the job of an entry now, whether it is paused or not; its slots stay as they are.
-- ARGV     2 name, 3 job id, 4 further fields as a JSON list or '', 5 the entry's retry, for which those were made
-- returns  {'enqueued', queue}; {'unknown'}: there is no such entry; {'changed'}: its retry is another one by now; {'taken'}: there is a job of this id; {'wrong-type', key}: nothing was enqueued
-- O(1)
local fields = redis.call('HMGET', cron_key(ARGV[2]), 'queue', 'retry')
if not fields[1] then return { 'unknown' } end
local wrong = first_wrong({ queue_key(fields[1]), 'list', P .. ':queues', 'set' })
if wrong then return { 'wrong-type', wrong } end
if fields[2] ~= ARGV[5] then return { 'changed' } end
if not enqueue_for(ARGV[2], ARGV[3], 'run', ARGV[4]) then return { 'taken' } end
return { 'enqueued', fields[1] }
