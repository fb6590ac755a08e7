-- jobs.lua: the steps that transitions are made of. Put behind prelude.lua in front of each script that moves jobs.
-- None of them is a transition by itself: a script combines them so that each job is always in exactly one place.

-- Which registry a state keeps its jobs in; a queued job is in its list instead.
local REGISTRY_OF = {
  finished = 'finished', failed = 'failed', stopped = 'failed', canceled = 'canceled', deferred = 'deferred', scheduled = 'scheduled',
}

-- Lets Redis forget a job and all it owns in `ttl` seconds; nil or negative: never.
local function keep_for(id, ttl)
  local keys = { job_key(id), results_key(id), output_key(id), children_key(id), dependencies_key(id), dependents_key(id) }
  if not ttl or ttl < 0 then
    for i = 1, #keys do redis.call('PERSIST', keys[i]) end
    return
  end
  local has_children
  -- As text: Redis writes each number that it is given as a float, which takes it longer than the command.
  local seconds = string.format('%d', ttl)
  for i = 1, #keys do has_children = redis.call('EXPIRE', keys[i], seconds) == 1 end
  -- Children that are still to be judged must not be forgotten before.
  if has_children and redis.call('HEXISTS', RELEASING, id) == 1 then redis.call('PERSIST', dependents_key(id)) end
end

-- Lets a job wait for a parent; the parent's set of such jobs is kept as long as the parent.
local function wait_for(child, parent)
  redis.call('SADD', dependencies_key(child), parent)
  redis.call('SADD', dependents_key(parent), child)
  local ttl = redis.call('PTTL', job_key(parent))
  if ttl > 0 and redis.call('HEXISTS', RELEASING, parent) == 0 then redis.call('PEXPIRE', dependents_key(parent), ttl) end
end

-- Notes a child with a parent that there is, for as long as the parent is kept.
local function note_child(child, parent)
  local ttl = redis.call('PTTL', job_key(parent))
  if ttl == -2 then return end
  redis.call('SADD', children_key(parent), child)
  if ttl > 0 then redis.call('PEXPIRE', children_key(parent), ttl) end
end

-- Takes a job out of the list or the registry of the state that it is in. O(length of the queue) for a queued one.
local function leave_place(id, queue, status)
  if status == 'queued' then
    redis.call('LREM', queue_key(queue), 0, id)
    redis.call('ZREM', EXPIRING, id)
  elseif REGISTRY_OF[status] then
    redis.call('ZREM', registry_key(REGISTRY_OF[status], queue), id)
  end
end

-- Ends an execution's lease and removes what stood for it. Returns whether the lease was still held.
local function end_lease(id, execution, queue)
  local held = redis.call('ZREM', registry_key('wip', queue), id .. ':' .. execution)
  redis.call('DEL', execution_key(id, execution))
  redis.call('ZREM', executions_key(id), execution)
  return held == 1
end

-- Removes a job and all it owns, whatever place it is in; `keep_children` leaves the set of those that wait for it.
local function delete_job(id, queue, status, keep_children)
  leave_place(id, queue, status)
  local executions = redis.call('ZRANGE', executions_key(id), 0, -1)
  for i = 1, #executions do end_lease(id, executions[i], queue) end
  local fields = redis.call('HMGET', job_key(id), 'group_id', 'dependency_ids')
  if present(fields[1]) then redis.call('SREM', P .. ':group:' .. fields[1], id) end
  -- A repeated job is also noted as finished, as in RQ.
  redis.call('ZREM', registry_key('finished', queue), id)
  local ok, parents = pcall(cjson.decode, fields[2] or '[]')
  for _, parent in ipairs(ok and type(parents) == 'table' and parents or {}) do
    redis.call('SREM', dependents_key(parent), id)
    redis.call('SREM', children_key(parent), id)
  end
  redis.call('UNLINK', job_key(id), results_key(id), output_key(id), executions_key(id), children_key(id), dependencies_key(id))
  -- Children that are still to be judged find their parent gone; the sweep that judges them empties the set.
  if not keep_children and redis.call('HEXISTS', RELEASING, id) == 0 then redis.call('UNLINK', dependents_key(id)) end
end

-- Puts a job on its queue, to wait there for as long as it takes: what its past left as an expiry is lifted.
local function put_on_queue(id, queue, at_front)
  redis.call('HSET', job_key(id), 'status', 'queued', 'enqueued_at', stamp())
  keep_for(id, nil)
  redis.call('SADD', P .. ':queues', queue_key(queue))
  redis.call(at_front and 'LPUSH' or 'RPUSH', queue_key(queue), id)
end

-- Puts a job back to the front of its queue, as if it had not been started.
local function put_back(id, queue)
  redis.call('HSET', job_key(id), 'status', 'queued', 'worker_name', '', 'last_heartbeat', '')
  redis.call('HDEL', job_key(id), 'rqt_stop')
  redis.call('SADD', P .. ':queues', queue_key(queue))
  redis.call('LPUSH', queue_key(queue), id)
end

-- The whole second, for a registry's score, that is not before so many seconds from now.
local function due_in(seconds) return math.ceil(NOW_MS / 1000) + seconds end

local function put_on_schedule(id, queue, due)
  redis.call('HSET', job_key(id), 'status', 'scheduled')
  keep_for(id, nil)
  redis.call('SADD', P .. ':queues', queue_key(queue))
  redis.call('ZADD', registry_key('scheduled', queue), due, id)
end

-- The seconds to keep a failed, stopped or canceled job: its failure_ttl, RQ's default of a year, negative for ever.
local function failure_ttl(id)
  return tonumber(present(redis.call('HGET', job_key(id), 'failure_ttl')) or 31536000)
end

-- Appends what an attempt left to the job's results (RQ's types 1 to 5).
local function add_result(id, type, fields)
  local entry = { 'type', type, 'worker_name', fields.worker or '' }
  for _, name in ipairs({ 'return_value', 'exc_string', 'execution_id', 'execution_started_at' }) do
    if present(fields[name]) then
      entry[#entry + 1] = name
      entry[#entry + 1] = fields[name]
    end
  end
  entry[#entry + 1] = 'execution_ended_at'
  entry[#entry + 1] = NOW_F
  redis.call('XADD', results_key(id), 'MAXLEN', '~', 10, '*', unpack(entry))
end

-- Whether a state is an end that lets no child run that does not allow failures.
local function is_bad_end(status) return status == 'failed' or status == 'stopped' or status == 'canceled' end

-- Whether every parent that a job still waits for has come to an end that lets it run; one that is gone counts as met, as in RQ.
-- Met ones are forgotten, so that a job with n parents costs n steps in all and not n squared.
local function parents_are_met(id)
  local allow_failures = redis.call('HGET', job_key(id), 'allow_dependency_failures') == '1'
  while true do
    local parent = redis.call('SRANDMEMBER', dependencies_key(id))
    if not parent then return true end
    local status = redis.call('HGET', job_key(parent), 'status')
    if status and status ~= 'finished' and not (allow_failures and is_bad_end(status)) then return false end
    redis.call('SREM', dependencies_key(id), parent)
  end
end

-- Puts a job on its queue; if it is the first time, its ttl counts from now on.
local function put_on_queue_first(id, queue, at_front)
  put_on_queue(id, queue, at_front)
  local fields = redis.call('HMGET', job_key(id), 'ttl', 'rqt_attempts')
  local ttl = tonumber(present(fields[1]))
  if fields[2] or not ttl or ttl <= 0 then return end
  redis.call('HSET', job_key(id), 'rqt_expires', NOW_MS + ttl * 1000)
  redis.call('ZADD', EXPIRING, NOW + ttl, id)
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

-- Another parent that keeps a canceled child from waiting again, and how it ended.
local function other_bad_parent(child, parent)
  for _, other in ipairs(redis.call('SMEMBERS', dependencies_key(child))) do
    local status = other ~= parent and redis.call('HGET', job_key(other), 'status')
    if is_bad_end(status) then return other, status end
  end
  return nil
end

-- A child that was canceled because of its parent waits again, now that the parent is to run again. Returns whether it does.
local function defer_again(child, queue, parent)
  wait_for(child, parent)
  local other, ending = other_bad_parent(child, parent)
  if other then
    wait_for(child, other)
    redis.call('HSET', job_key(child), 'rqt_reason', 'its parent ' .. other .. ENDINGS[ending], 'rqt_canceled_by', other)
    return false
  end
  leave_place(child, queue, 'canceled')
  redis.call('HSET', job_key(child), 'status', 'deferred')
  redis.call('HDEL', job_key(child), 'rqt_reason', 'rqt_canceled_at', 'rqt_canceled_by')
  redis.call('ZADD', registry_key('deferred', queue), NOW, child)
  keep_for(child, nil)
  announce(child)
  return true
end

-- Decides what a parent means for one child. parent: id, state (or 'removed'), gone (it is not kept), reason (why it was removed).
local function judge(child, parent)
  local fields = redis.call('HMGET', job_key(child), 'status', 'origin', 'enqueue_at_front', 'rqt_on_parent_failure',
    'allow_dependency_failures', 'rqt_canceled_by')
  local status, queue, canceled_by = fields[1], fields[2], fields[6]
  local is_bad, may_run = parent.state == 'removed' or is_bad_end(parent.state), fields[5] == '1'
  if status == 'canceled' and canceled_by then
    -- One that another parent canceled stays here, too: it may wait again.
    if is_bad or canceled_by ~= parent.id or not defer_again(child, queue, parent.id) then return end
    status = 'deferred'
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

-- Ends a job that waited as canceled, for a reason that a person can read.
local function cancel_waiting(id, queue, status, reason)
  leave_place(id, queue, status)
  redis.call('HSET', job_key(id), 'status', 'canceled', 'rqt_reason', reason, 'rqt_canceled_at', NOW_MS)
  local ttl = failure_ttl(id)
  redis.call('ZREM', registry_key('finished', queue), id)
  if ttl == 0 then return remove_job(id, queue, 'canceled') end
  redis.call('ZADD', registry_key('canceled', queue), NOW, id)
  keep_for(id, ttl)
  release_dependents(id)
end

-- Ends a job as failed or stopped, in RQ's failed registry.
local function end_badly(id, queue, status)
  local ttl = failure_ttl(id)
  redis.call('HSET', job_key(id), 'status', status, 'ended_at', stamp())
  redis.call('HDEL', job_key(id), 'rqt_stop')
  redis.call('ZREM', registry_key('finished', queue), id)
  if ttl == 0 then return remove_job(id, queue, status) end
  redis.call('ZADD', registry_key('failed', queue), ttl < 0 and ttl or NOW + ttl, id)
  keep_for(id, ttl)
  release_dependents(id)
end

-- Ends an execution whose worker is gone. Crashes are counted apart from failures and spend no retry. crash: budget, and given_up and stopped
-- (exc_strings). Returns what became of the job: queued, failed or stopped; nil when it no longer ran, or runs elsewhere.
local function lose_execution(id, execution, queue, crash)
  end_lease(id, execution, queue)
  local fields = redis.call('HMGET', job_key(id), 'status', 'rqt_crashes', 'rqt_max_crashes', 'rqt_at_most_once', 'rqt_stop', 'worker_name')
  if fields[1] ~= 'started' then return nil end
  -- One without a lease is what others (Python) left of it.
  for _, other in ipairs(redis.call('ZRANGE', executions_key(id), 0, -1)) do
    if redis.call('ZSCORE', registry_key('wip', queue), id .. ':' .. other) then return nil end
    end_lease(id, other, queue)
  end
  local crashes = tonumber(fields[2] or 0) + 1
  redis.call('HSET', job_key(id), 'rqt_crashes', crashes)
  local result = { worker = fields[6], execution_id = execution }
  if fields[5] then
    result.exc_string = crash.stopped
    add_result(id, 3, result)
    end_badly(id, queue, 'stopped')
    return 'stopped'
  end
  if fields[4] or crashes > tonumber(fields[3] or crash.budget) then
    result.exc_string = crash.given_up
    add_result(id, 2, result)
    end_badly(id, queue, 'failed')
    return 'failed'
  end
  put_back(id, queue)
  return 'queued'
end
