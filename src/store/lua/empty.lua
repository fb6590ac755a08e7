-- empty.lua: removes the next queued jobs of one queue with all they own; children that are deferred on them are canceled.
-- ARGV     2 queue, 3 ids to take at the most, 4 reason for canceled children
-- returns  {'emptied', jobs removed, children canceled, ids left on the list, 1 when more children are to be judged}
-- O(ids taken + their children, 200 at the most)
local queue = ARGV[2]
local ids = redis.call('LPOP', queue_key(queue), ARGV[3]) or {}
local removed = 0

for _, id in ipairs(ids) do
  local status = redis.call('HGET', job_key(id), 'status')
  if status == 'queued' then
    announce(id, ARGV[4])
    redis.call('ZREM', EXPIRING, id)
    -- An emptied queue's list no longer has the id: no search through it.
    delete_job(id, queue, 'none')
    removed = removed + 1
  end
end
local more = redis.call('EXISTS', RELEASING) == 1 and release_step()
return { 'emptied', removed, children_canceled, redis.call('LLEN', queue_key(queue)), more and 1 or 0 }
