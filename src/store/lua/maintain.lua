-- maintain.lua: what is due regardless of queues: scheduled jobs, waits that lasted too long, children of ended parents, dead workers.
-- ARGV     2.. queues whose schedule this worker serves
-- returns  {'maintained', jobs enqueued from the schedule, jobs canceled because their ttl is over, 1 when more is due now,
--          milliseconds until the next scheduled job is due or '', milliseconds until the next slot of `rqt cron` or ''}
-- O(100) for each kind and queue
local promoted, expired, more = 0, 0, 0

-- A producer may note the time before it writes the job (RQ does): an id without a job keeps its place for a minute.
local HASH_MAY_COME_SECONDS = 60
local function take_due(scheduled, id)
  if redis.call('EXISTS', job_key(id)) == 0 and tonumber(redis.call('ZSCORE', scheduled, id)) > NOW - HASH_MAY_COME_SECONDS then return 0 end
  return redis.call('ZREM', scheduled, id)
end

local next_due
for i = 2, #ARGV do
  local queue = ARGV[i]
  local scheduled = registry_key('scheduled', queue)
  local due = redis.call('ZRANGEBYSCORE', scheduled, '-inf', NOW, 'LIMIT', 0, 100)
  local taken = 0
  -- They would be in no place.
  if #due > 0 and first_wrong({ queue_key(queue), 'list' }) then due = {} end
  for _, id in ipairs(due) do
    taken = taken + take_due(scheduled, id)
    local fields = redis.call('HMGET', job_key(id), 'status', 'enqueue_at_front')
    if fields[1] == 'scheduled' and parents_are_met(id) then
      put_on_queue_first(id, queue, fields[2] == '1')
      promoted = promoted + 1
    elseif fields[1] == 'scheduled' then
      redis.call('HSET', job_key(id), 'status', 'deferred')
      redis.call('ZADD', registry_key('deferred', queue), NOW, id)
    end
  end
  if #due == 100 and taken > 0 then more = 1 end
  local first = redis.call('ZRANGEBYSCORE', scheduled, '(' .. NOW, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
  if first and (not next_due or tonumber(first) < next_due) then next_due = tonumber(first) end
end

-- To take a job off a long list is a search: the longer the list, the fewer of them.
local over = redis.call('ZRANGEBYSCORE', EXPIRING, '-inf', NOW, 'LIMIT', 0, 100)
local searched = 0
for _, id in ipairs(over) do
  if searched > 200000 then
    more = 1
    break
  end
  redis.call('ZREM', EXPIRING, id)
  local fields = redis.call('HMGET', job_key(id), 'status', 'origin', 'rqt_expires')
  searched = searched + redis.call('LLEN', queue_key(fields[2] or ''))
  if fields[1] == 'queued' and fields[3] and number(fields[3], NOW_MS) <= NOW_MS then
    cancel_waiting(id, fields[2] or '', 'queued', 'it waited longer than its ttl')
    expired = expired + 1
  end
end
if #over == 100 then more = 1 end

if release_step() then more = 1 end

for _, key in ipairs(redis.call('SRANDMEMBER', P .. ':workers', 20)) do
  if redis.call('EXISTS', key) == 0 then
    redis.call('SREM', P .. ':workers', key)
    for _, queue in ipairs(redis.call('SMEMBERS', P .. ':queues')) do
      redis.call('SREM', P .. ':workers:' .. queue:sub(#queue_key('') + 1), key)
    end
  end
end

local slot = redis.call('ZRANGE', P .. ':rqt:cron', 0, 0, 'WITHSCORES')[2]
local function ms_until(ms) return ms and ms < math.huge and string.format('%d', math.max(0, math.ceil(ms - NOW_MS))) or '' end
return { 'maintained', promoted, expired, more, ms_until(next_due and next_due * 1000), ms_until(slot and tonumber(slot)) }
