-- jobs.lua: the steps that transitions are made of. Put behind prelude.lua in front of each script that moves jobs.
-- None of them is a transition by itself: a script combines them so that each job is always in exactly one place.

-- Which registry a state keeps its jobs in; a queued job is in its list instead.
local REGISTRY_OF = {
  finished = 'finished', failed = 'failed', stopped = 'failed', canceled = 'canceled', deferred = 'deferred', scheduled = 'scheduled',
}

-- Lets Redis forget a job and all it owns in `ttl` seconds; nil or negative: never.
local function keep_for(id, ttl)
  local keys = { job_key(id), results_key(id), output_key(id), dependents_key(id), dependencies_key(id) }
  if ttl and ttl >= 0 then
    for i = 1, #keys do redis.call('EXPIRE', keys[i], ttl) end
  else
    for i = 1, #keys do redis.call('PERSIST', keys[i]) end
  end
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

-- Removes a job and all it owns, whatever place it is in.
local function delete_job(id, queue, status)
  leave_place(id, queue, status)
  local executions = redis.call('ZRANGE', executions_key(id), 0, -1)
  for i = 1, #executions do end_lease(id, executions[i], queue) end
  local group = present(redis.call('HGET', job_key(id), 'group_id'))
  if group then redis.call('SREM', P .. ':group:' .. group, id) end
  redis.call('UNLINK', job_key(id), results_key(id), output_key(id), executions_key(id), dependencies_key(id))
  -- Children that are still to be judged find their parent gone; the sweep that judges them empties the set.
  if redis.call('HEXISTS', RELEASING, id) == 0 then redis.call('UNLINK', dependents_key(id)) end
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

-- Whether every parent that a deferred job still waits for has come to an end that lets it run. Met ones are forgotten,
-- so that a job with n parents costs n steps in all and not n squared.
local function parents_are_met(id)
  local allow_failures = redis.call('HGET', job_key(id), 'allow_dependency_failures') == '1'
  while true do
    local parent = redis.call('SRANDMEMBER', dependencies_key(id))
    if not parent then return true end
    local status = redis.call('HGET', job_key(parent), 'status')
    local met = not status or status == 'finished'
      or (allow_failures and (status == 'failed' or status == 'stopped' or status == 'canceled'))
    if not met then return false end
    redis.call('SREM', dependencies_key(id), parent)
  end
end

-- Notes that the children of a job that has just ended are to be judged. Returns whether there are any.
local function announce_end(id)
  if redis.call('EXISTS', dependents_key(id)) == 0 then return false end
  redis.call('HSET', RELEASING, id, '0')
  return true
end

local RELEASE_STEP = 200

-- Judges up to RELEASE_STEP children of one ended parent: enqueues those whose parents are all met. What is left over stays
-- noted in RELEASING, where any worker's sweep goes on. O(RELEASE_STEP).
local function release_children(parent)
  local cursor = redis.call('HGET', RELEASING, parent)
  if not cursor then return end
  local page = redis.call('SSCAN', dependents_key(parent), cursor, 'COUNT', RELEASE_STEP)
  for _, child in ipairs(page[2]) do
    local fields = redis.call('HMGET', job_key(child), 'status', 'origin', 'enqueue_at_front')
    if fields[1] == 'deferred' then
      if parents_are_met(child) then
        redis.call('ZREM', registry_key('deferred', fields[2]), child)
        redis.call('SREM', dependents_key(parent), child)
        put_on_queue(child, fields[2], fields[3] == '1')
      end
    else
      redis.call('SREM', dependents_key(parent), child)
    end
  end
  if page[1] == '0' then redis.call('HDEL', RELEASING, parent) else redis.call('HSET', RELEASING, parent, page[1]) end
end

-- After a job came to an end: its children are judged, the first step of them at once.
local function release_dependents(id)
  if announce_end(id) then release_children(id) end
end

-- Ends a job that waited as canceled, for a reason that a person can read.
local function cancel_waiting(id, queue, status, reason)
  leave_place(id, queue, status)
  redis.call('HSET', job_key(id), 'status', 'canceled', 'rqt_reason', reason, 'rqt_canceled_at', NOW_MS)
  local ttl = failure_ttl(id)
  if ttl == 0 then
    release_dependents(id)
    delete_job(id, queue, 'canceled')
    return
  end
  redis.call('ZADD', registry_key('canceled', queue), NOW, id)
  keep_for(id, ttl)
  release_dependents(id)
end

-- Ends a job as failed or stopped, in RQ's failed registry.
local function end_badly(id, queue, status)
  local ttl = failure_ttl(id)
  if ttl == 0 then
    release_dependents(id)
    delete_job(id, queue, status)
    return
  end
  redis.call('HSET', job_key(id), 'status', status, 'ended_at', stamp())
  redis.call('HDEL', job_key(id), 'rqt_stop')
  redis.call('ZADD', registry_key('failed', queue), ttl < 0 and ttl or NOW + ttl, id)
  keep_for(id, ttl)
  release_dependents(id)
end
