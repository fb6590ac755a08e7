-- bury.lua: unregisters a worker whose process is gone and puts back at once what it ran, without waiting for its lease to lapse.
-- ARGV     2 worker, 3 its process (rqt_process): a worker that took its name since is another one, 4 to 7 see read_crash()
-- returns  {'buried'}, {'buried', queue, id and what lose_execution() returned}, or {'kept'}
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
local fate = lose_execution(id, execution, queue, read_crash(4))
if not fate then return { 'buried' } end
return { 'buried', queue, id, unpack(fate) }
