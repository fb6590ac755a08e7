-- empty.lua: removes the next queued jobs of one queue with all they own; children that are deferred on them are canceled.
-- ARGV     2 queue, 3 ids to take at the most, 4 reason for canceled children
-- returns  {'emptied', jobs removed, children canceled, ids left on the list}
-- O(ids taken + their children)
local queue = ARGV[2]
local ids = redis.call('LPOP', queue_key(queue), ARGV[3]) or {}
local removed, canceled = 0, 0

-- Cancels the deferred children of a job that is gone, and theirs in turn.
local function cancel_children(parents)
  while #parents > 0 do
    local parent = table.remove(parents)
    for _, child in ipairs(redis.call('SMEMBERS', dependents_key(parent))) do
      local found = redis.call('HMGET', job_key(child), 'status', 'origin')
      if found[1] == 'deferred' then
        redis.call('SREM', dependents_key(parent), child)
        parents[#parents + 1] = child
        leave_place(child, found[2], 'deferred')
        redis.call('HSET', job_key(child), 'status', 'canceled', 'rqt_reason', ARGV[4], 'rqt_canceled_at', NOW_MS)
        redis.call('ZADD', registry_key('canceled', found[2]), NOW, child)
        canceled = canceled + 1
      end
    end
  end
end

for _, id in ipairs(ids) do
  local status = redis.call('HGET', job_key(id), 'status')
  if status == 'queued' then
    cancel_children({ id })
    redis.call('ZREM', EXPIRING, id)
    -- An emptied queue's list no longer has the id: no search through it.
    delete_job(id, queue, 'none')
    removed = removed + 1
  end
end
return { 'emptied', removed, canceled, redis.call('LLEN', queue_key(queue)) }
