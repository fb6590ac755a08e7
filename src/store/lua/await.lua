-- await.lua: notes with an unfinished job that somebody waits for it.
-- ARGV     2 id
-- returns  {'awaited', state, 1 when all that it writes is handed on, 0 when only what is kept of it}, {'ended', state} or {'missing'}
-- O(1)
local fields = redis.call('HMGET', job_key(ARGV[2]), 'status', 'rqt_waited')
local state = fields[1]
if not state then return { 'missing' } end
if REGISTRY_OF[state] == 'finished' or REGISTRY_OF[state] == 'failed' or REGISTRY_OF[state] == 'canceled' then return { 'ended', state } end
redis.call('HSET', job_key(ARGV[2]), 'rqt_waited', 1)
-- Its worker asks when it takes the job.
return { 'awaited', state, (fields[2] or state ~= 'started') and 1 or 0 }
