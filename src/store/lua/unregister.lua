-- unregister.lua: a worker's death, as RQ notes it: out of the sets, its hash kept for a minute.
-- ARGV     2 worker, 3.. its queues
-- returns  {'unregistered'}
-- O(queues)
local key = worker_key(ARGV[2])
redis.call('SREM', P .. ':workers', key)
for i = 3, #ARGV do redis.call('SREM', P .. ':workers:' .. ARGV[i], key) end
if redis.call('EXISTS', key) == 1 then
  redis.call('HSET', key, 'death', stamp())
  redis.call('EXPIRE', key, 60)
end
return { 'unregistered' }
