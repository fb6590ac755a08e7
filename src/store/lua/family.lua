-- family.lua: what the end of a parent means for the jobs that wait for it. Put behind places.lua.

-- Whether a state is an end that lets no child run that does not allow failures.
local function is_bad_end(status) return status == 'failed' or status == 'stopped' or status == 'canceled' end

-- Whether every parent that a job still waits for has come to an end that lets it run; one that is gone counts as met, as in RQ.
-- Met ones are forgotten, so that a job with n parents costs n steps in all and not n squared.
local function parents_are_met(id)
  local allow_failures = redis.call('HGET', job_key(id), 'allow_dependency_failures') == '1'
  while true do
    local parent = redis.call('SRANDMEMBER', dependencies_key(id))
    -- What it waits for cannot be read: it waits.
    if not parent then return not redis.was_wrong(dependencies_key(id)) end
    local status = redis.call('HGET', job_key(parent), 'status')
    if status and status ~= 'finished' and not (allow_failures and is_bad_end(status)) then return false end
    redis.call('SREM', dependencies_key(id), parent)
  end
end

-- Puts a job on its queue; if it is the first time, its ttl counts from now on.
local function put_on_queue_first(id, queue, at_front)
  put_on_queue(id, queue, at_front)
  local fields = redis.call('HMGET', job_key(id), 'ttl', 'rqt_attempts')
  local ttl = whole(fields[1])
  if fields[2] or not ttl or ttl <= 0 then return end
  redis.call('HSET', job_key(id), 'rqt_expires', NOW_MS + ttl * 1000)
  redis.call('ZADD', EXPIRING, due_in(ttl), id)
end

-- Notes that the children of a job are to be judged by its state, and what that is: the job may be gone by then. `removed`: why it is
-- about to be, for those that it leaves behind. The note is a cursor through its children, a state or 'removed', and that reason.
local function announce(id, removed)
  local children = dependents_key(id)
  if redis.call('EXISTS', children) == 0 then return end
  redis.call('PERSIST', children)
  local state = removed and 'removed' or redis.call('HGET', job_key(id), 'status') or 'removed'
  redis.call('HSET', RELEASING, id, '0 ' .. state .. ' ' .. (removed or ''))
end

local ENDINGS = { failed = ' failed', stopped = ' was stopped', canceled = ' was canceled' }
local children_canceled = 0

-- Ends a child as canceled because of its parent. It stays among the parent's dependents: requeueing the parent defers it again.
local function cancel_child(child, queue, status, parent, reason)
  local due = status == 'scheduled' and redis.call('ZSCORE', registry_key('scheduled', queue), child)
  if due then redis.call('HSET', job_key(child), 'rqt_due', due) end
  leave_place(child, queue, status)
  redis.call('HSET', job_key(child), 'status', 'canceled', 'rqt_reason', reason, 'rqt_canceled_at', NOW_MS, 'rqt_canceled_by', parent)
  children_canceled = children_canceled + 1
  local ttl = failure_ttl(child)
  if ttl == 0 then
    announce(child)
    delete_job(child, queue, 'canceled')
    return
  end
  redis.call('ZADD', registry_key('canceled', queue), NOW, child)
  keep_for(child, ttl)
  announce(child)
end

local function defer(id, queue)
  redis.call('HSET', job_key(id), 'status', 'deferred')
  redis.call('ZADD', registry_key('deferred', queue), NOW, id)
  keep_for(id, nil)
end

-- Another parent that keeps a canceled child from waiting again, and how it ended.
local function other_bad_parent(child, parent)
  for _, other in ipairs(redis.call('SMEMBERS', dependencies_key(child))) do
    local status = other ~= parent and redis.call('HGET', job_key(other), 'status')
    if is_bad_end(status) then return other, status end
  end
  return nil
end

-- A child that was canceled because of its parent waits again, now that the parent is to run again: until it is due, if that is to come.
-- Returns its state, nil when it stays canceled.
local function defer_again(child, queue, parent)
  wait_for(child, parent)
  local other, ending = other_bad_parent(child, parent)
  if other then
    wait_for(child, other)
    redis.call('HSET', job_key(child), 'rqt_reason', 'its parent ' .. other .. ENDINGS[ending], 'rqt_canceled_by', other)
    return nil
  end
  -- One that was deleted and enqueued anew meanwhile does not know of it.
  for _, each in ipairs(redis.call('SMEMBERS', dependencies_key(child))) do wait_for(child, each) end
  leave_place(child, queue, 'canceled')
  local due = number(redis.call('HGET', job_key(child), 'rqt_due'), 0)
  redis.call('HDEL', job_key(child), 'rqt_reason', 'rqt_canceled_at', 'rqt_canceled_by', 'rqt_due')
  if due > NOW then put_on_schedule(child, queue, due) else defer(child, queue) end
  announce(child)
  return due > NOW and 'scheduled' or 'deferred'
end

-- Decides what a parent means for one child. parent: id, state (or 'removed'), gone (it is not kept), reason (why it was removed).
local function judge(child, parent)
  local fields = redis.call('HMGET', job_key(child), 'status', 'origin', 'enqueue_at_front', 'rqt_on_parent_failure',
    'allow_dependency_failures', 'rqt_canceled_by')
  local status, queue, canceled_by = fields[1], fields[2], fields[6]
  if not queue then
    -- A damaged one: where it waits is not known.
    redis.call('SREM', dependents_key(parent.id), child)
    return
  end
  local is_bad, may_run = parent.state == 'removed' or is_bad_end(parent.state), fields[5] == '1'
  if status == 'canceled' and canceled_by then
    -- One that another parent canceled stays here, too: it may wait again.
    if is_bad or canceled_by ~= parent.id then return end
    status = defer_again(child, queue, parent.id)
    if not status then return end
  end
  if status ~= 'deferred' and status ~= 'scheduled' then
    redis.call('SREM', dependents_key(parent.id), child)
    return
  end
  if is_bad and not may_run and (fields[4] == 'cancel' or parent.gone) then
    local reason = 'its parent ' .. parent.id .. (ENDINGS[parent.state] or ' is gone')
    cancel_child(child, queue, status, parent.id, parent.reason ~= '' and parent.reason or reason)
    return
  end
  if parent.state == 'finished' or (is_bad and may_run) then redis.call('SREM', dependencies_key(child), parent.id) end
  if status == 'deferred' and parents_are_met(child) then
    redis.call('ZREM', registry_key('deferred', queue), child)
    redis.call('SREM', dependents_key(parent.id), child)
    put_on_queue_first(child, queue, fields[3] == '1')
  end
end

-- Looks at a deferred job that nobody has released: others (Python) add children to parents that have ended already, end parents without
-- a word to those that are to end with them, and a parent that ended badly may be gone since. One that finished was forgotten as met before.
local function look_at_deferred(id, queue)
  local fields = redis.call('HMGET', job_key(id), 'status', 'enqueue_at_front', 'rqt_on_parent_failure', 'allow_dependency_failures',
    'rqt_deferred_again')
  if fields[1] ~= 'deferred' then
    redis.call('ZREM', registry_key('deferred', queue), id)
    return
  end
  local gone, bad, ending
  for _, parent in ipairs(redis.call('SRANDMEMBER', dependencies_key(id), 10)) do
    if redis.call('HEXISTS', RELEASING, parent) == 1 then return end
    local state = redis.call('HGET', job_key(parent), 'status')
    if not state then gone = parent elseif is_bad_end(state) then bad, ending = parent, ENDINGS[state] end
  end
  if bad and fields[3] == 'cancel' and fields[4] ~= '1' and not fields[5] then
    return cancel_child(id, queue, 'deferred', bad, 'its parent ' .. bad .. ending)
  end
  if not parents_are_met(id) then return end
  if gone and fields[3] and fields[4] ~= '1' then
    return cancel_child(id, queue, 'deferred', gone, 'its parent ' .. gone .. ' is gone')
  end
  redis.call('ZREM', registry_key('deferred', queue), id)
  put_on_queue_first(id, queue, fields[2] == '1')
end

-- How many children one script may still judge.
local release_budget = 200

-- Judges the next children of one announced parent. Returns how many were looked at, at least 1.
local function judge_page(id, count)
  local cursor, state, reason = (redis.call('HGET', RELEASING, id) or ''):match('^(%d+) (%S+) (.*)$')
  if not cursor then
    redis.call('HDEL', RELEASING, id)
    return 1
  end
  local page = redis.call('SSCAN', dependents_key(id), cursor, 'COUNT', count)
  local ttl = redis.call('PTTL', job_key(id))
  local parent = { id = id, state = state, reason = reason, gone = ttl == -2 }
  if page[1] == '0' then
    redis.call('HDEL', RELEASING, id)
  else
    redis.call('HSET', RELEASING, id, table.concat({ page[1], state, reason }, ' '))
  end
  for _, child in ipairs(page[2]) do judge(child, parent) end
  if page[1] == '0' then
    if parent.gone then redis.call('UNLINK', dependents_key(id)) elseif ttl > 0 then redis.call('PEXPIRE', dependents_key(id), ttl) end
  end
  return #page[2] + 1
end

-- Judges children of announced parents, and of those that are announced on the way, as far as the budget reaches. Returns whether more
-- are left: they stay noted, and any worker's maintenance goes on.
local function release_step(first)
  if first and release_budget > 0 then release_budget = release_budget - judge_page(first, release_budget) end
  while release_budget > 0 do
    local parent = redis.call('HRANDFIELD', RELEASING)
    if not parent then return false end
    release_budget = release_budget - judge_page(parent, release_budget)
  end
  return redis.call('EXISTS', RELEASING) == 1
end

-- After a job's state changed for its children: they are judged, the first step of them at once.
local function release_dependents(id)
  if redis.call('EXISTS', dependents_key(id)) == 0 then return end
  announce(id)
  release_step(id)
end

-- Removes a job and all it owns. Its children are judged as those of one that is gone, the first step of them at once; `removed` tells
-- them why, when it did not end by itself.
local function remove_job(id, queue, status, removed)
  announce(id, removed)
  delete_job(id, queue, status)
  if redis.call('HEXISTS', RELEASING, id) == 1 then release_step(id) end
end
