-- maintain.lua: what is due regardless of queues: scheduled jobs, waits that lasted too long, children of ended parents, dead workers.
-- ARGV     2.. queues whose schedule this worker serves
-- returns  {'maintained', jobs enqueued from the schedule, jobs canceled because their ttl is over, 1 when more is due now,
--          due time in epoch seconds of the next scheduled job or ''}
-- O(100) for each kind and queue
local promoted, expired, more = 0, 0, 0
local next_due
for i = 2, #ARGV do
  local queue = ARGV[i]
  local scheduled = registry_key('scheduled', queue)
  local due = redis.call('ZRANGEBYSCORE', scheduled, '-inf', NOW, 'LIMIT', 0, 100)
  for _, id in ipairs(due) do
    redis.call('ZREM', scheduled, id)
    local fields = redis.call('HMGET', job_key(id), 'status', 'enqueue_at_front')
    if fields[1] == 'scheduled' then
      put_on_queue(id, queue, fields[2] == '1')
      promoted = promoted + 1
    end
  end
  if #due == 100 then more = 1 end
  local first = redis.call('ZRANGE', scheduled, 0, 0, 'WITHSCORES')[2]
  if first and (not next_due or tonumber(first) < next_due) then next_due = tonumber(first) end
end

local over = redis.call('ZRANGEBYSCORE', EXPIRING, '-inf', NOW, 'LIMIT', 0, 100)
for _, id in ipairs(over) do
  redis.call('ZREM', EXPIRING, id)
  local fields = redis.call('HMGET', job_key(id), 'status', 'origin', 'rqt_expires')
  if fields[1] == 'queued' and fields[3] and tonumber(fields[3]) <= NOW_MS then
    cancel_waiting(id, fields[2], 'queued', 'it waited longer than its ttl')
    expired = expired + 1
  end
end
if #over == 100 then more = 1 end

local releasing = redis.call('HSCAN', RELEASING, 0, 'COUNT', 5)[2]
for i = 1, #releasing, 2 do release_children(releasing[i]) end
if redis.call('EXISTS', RELEASING) == 1 then more = 1 end

for _, key in ipairs(redis.call('SRANDMEMBER', P .. ':workers', 20)) do
  if redis.call('EXISTS', key) == 0 then redis.call('SREM', P .. ':workers', key) end
end
return { 'maintained', promoted, expired, more, next_due and tostring(next_due) or '' }
