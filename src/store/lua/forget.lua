-- forget.lua: forgets what a queue's registries, and groups, hold of jobs that are gone, and its workers that are.
-- ARGV     2 queue
-- returns  {'forgotten', 1 when there is more}
-- O(log n + 100) for each registry, O(100) for each of 5 groups and for the workers
local queue = ARGV[2]
local PAGE = 100
local more = 0

-- Takes out what is beyond its time: the score is RQ's, -1 (in failed) is for ever.
for _, name in ipairs({ 'finished', 'failed' }) do
  local registry = registry_key(name, queue)
  local over = redis.call('ZRANGEBYSCORE', registry, 0, NOW, 'LIMIT', 0, PAGE)
  if #over > 0 then redis.call('ZREM', registry, unpack(over)) end
  if #over == PAGE then more = 1 end
end

local function same(key) return key end

-- Those of some names whose key is gone. Where many of a random sample are, there are more: Redis expires its own keys by that rule, too.
local function gone_of(names, key_of)
  local gone = {}
  for _, name in ipairs(names) do
    if redis.call('EXISTS', key_of(name)) == 0 then gone[#gone + 1] = name end
  end
  if #names == PAGE and #gone > PAGE / 4 then more = 1 end
  return gone
end

local canceled = registry_key('canceled', queue)
local gone = gone_of(redis.call('ZRANDMEMBER', canceled, PAGE), job_key)
if #gone > 0 then redis.call('ZREM', canceled, unpack(gone)) end

-- The set of all workers forgets them wherever one works; which queues one of them had is not known by then.
local workers = P .. ':workers:' .. queue
gone = gone_of(redis.call('SRANDMEMBER', workers, PAGE), same)
if #gone > 0 then redis.call('SREM', workers, unpack(gone)) end

for _, group in ipairs(redis.call('SRANDMEMBER', P .. ':groups', 5)) do
  local members = P .. ':group:' .. group
  gone = gone_of(redis.call('SRANDMEMBER', members, PAGE), job_key)
  if #gone > 0 then redis.call('SREM', members, unpack(gone)) end
  if redis.call('EXISTS', members) == 0 then
    redis.call('SREM', P .. ':groups', group)
    more = 1
  end
end
return { 'forgotten', more }
