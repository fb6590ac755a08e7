-- bury.lua: unregisters a worker whose process is gone and puts back at once what it ran, without waiting for its lease to lapse.
-- ARGV     2 worker, 3 its process (rqt_process): a worker that took its name since is another one, 4 exc_string for a job whose crash budget
--          is used up (base64 zlib), 5 crash budget, 6 exc_string for a job that the dead worker was to stop
-- returns  {'buried'}, {'buried', queue, id, fate}: as in sweep.lua, or {'kept'}
-- O(queues of the worker)
local key = worker_key(ARGV[2])
local fields = redis.call('HMGET', key, 'rqt_process', 'rqt_claim', 'queues', 'death')
if fields[1] ~= ARGV[3] or fields[4] then return { 'kept' } end
redis.call('SREM', P .. ':workers', key)
for queue in (fields[3] or ''):gmatch('[^,]+') do redis.call('SREM', P .. ':workers:' .. queue, key) end
redis.call('HDEL', key, 'rqt_claim')
redis.call('HSET', key, 'death', stamp())
redis.call('EXPIRE', key, 60)

local execution, queue, id = (fields[2] or ''):match('^([^:]*):(.*):([^:]*)$')
if not id or not redis.call('ZSCORE', registry_key('wip', queue), id .. ':' .. execution) then return { 'buried' } end
local fate = lose_execution(id, execution, queue, { given_up = ARGV[4], budget = tonumber(ARGV[5]), stopped = ARGV[6] })
if not fate then return { 'buried' } end
return { 'buried', queue, id, fate }
