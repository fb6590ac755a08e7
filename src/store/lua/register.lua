-- register.lua: a worker's birth.
-- ARGV     2 worker, 3 seconds until Redis forgets it, 4 '1' to take over an entry of the same name (this worker's own, forgotten by Redis),
--          5 number of queues, then those, then its hash fields (name, value …)
-- returns  {'registered'} or {'taken'}: a living worker has that name; {'wrong-type', key}: its key holds something else
-- O(queues)
local key = worker_key(ARGV[2])
local is_wrong = first_wrong({ key, 'hash' })
if is_wrong and ARGV[4] ~= '1' then return { 'wrong-type', key } end
if is_wrong then set_aside(key) end
if ARGV[4] ~= '1' and redis.call('EXISTS', key) == 1 and redis.call('HEXISTS', key, 'death') == 0 then return { 'taken' } end
redis.call('DEL', key)
local queue_count = tonumber(ARGV[5])
local now = stamp()
redis.call('HSET', key, 'birth', now, 'last_heartbeat', now, unpack(ARGV, 6 + queue_count))
redis.call('EXPIRE', key, ARGV[3])
redis.call('SADD', P .. ':workers', key)
for i = 6, 5 + queue_count do redis.call('SADD', P .. ':workers:' .. ARGV[i], key) end
return { 'registered' }
