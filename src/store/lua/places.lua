-- places.lua: where a job is and what it owns. Put behind prelude.lua in front of each script that moves jobs.
-- None of these steps is a transition by itself: a script combines them so that each job is always in exactly one place.

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

-- Lets a job wait for a parent; one that is gone counts as met. The parent's set of such jobs is kept as long as the parent.
local function wait_for(child, parent)
  local ttl = redis.call('PTTL', job_key(parent))
  if ttl == -2 then return redis.call('SREM', dependencies_key(child), parent) end
  redis.call('SADD', dependencies_key(child), parent)
  redis.call('SADD', dependents_key(parent), child)
  if ttl > 0 and redis.call('HEXISTS', RELEASING, parent) == 0 then redis.call('PEXPIRE', dependents_key(parent), ttl) end
end

-- Notes a child with a parent that there is, for as long as the parent is kept.
local function note_child(child, parent)
  local ttl = redis.call('PTTL', job_key(parent))
  if ttl == -2 then return end
  redis.call('SADD', children_key(parent), child)
  if ttl > 0 then redis.call('PEXPIRE', children_key(parent), ttl) end
end

-- Ends an execution's lease and removes what stood for it. Returns whether the lease was still held.
local function end_lease(id, execution, queue)
  local wip = registry_key('wip', queue)
  local held = redis.call('ZREM', wip, id .. ':' .. execution)
  local lived = redis.call('DEL', execution_key(id, execution))
  redis.call('ZREM', executions_key(id), execution)
  return held == 1 or (lived == 1 and redis.was_wrong(wip))
end

-- Whether a job that runs is gone: others (Python) delete it and leave what only rqt keeps of it, which is removed here.
local function clear_gone(id)
  if redis.call('EXISTS', job_key(id)) == 1 then return false end
  redis.call('UNLINK', output_key(id), children_key(id))
  return true
end

-- Takes back the callback that is due for a job, since how it ended counts no more. A worker that runs it now loses its lease.
local function forgive_callback(id, queue)
  if redis.call('HDEL', job_key(id), 'rqt_callback_due', 'rqt_callback_tries', 'rqt_callback_ttl') == 0 then return end
  redis.call('LREM', callbacks_key(queue), 0, id)
  for _, execution in ipairs(redis.call('ZRANGE', executions_key(id), 0, -1)) do
    end_lease(id, execution, queue)
    tell_workers({ execution = execution })
  end
end

-- Takes a job out of the list or the registry of the state that it is in. O(length of the queue) for a queued one.
local function leave_place(id, queue, status)
  if status == 'queued' then
    redis.call('LREM', queue_key(queue), 0, id)
    redis.call('ZREM', EXPIRING, id)
  elseif REGISTRY_OF[status] then
    redis.call('ZREM', registry_key(REGISTRY_OF[status], queue), id)
    if status == 'finished' or REGISTRY_OF[status] == 'failed' then forgive_callback(id, queue) end
  end
end

-- Gives a key that holds something else than rqt keeps there another name, under which it is kept. Returns that.
local function set_aside(key)
  local kept = P .. ':rqt:aside:' .. key:sub(#P + 2)
  local name, number = kept, 1
  while redis.call('EXISTS', name) == 1 do
    number = number + 1
    name = kept .. ':' .. number
  end
  redis.call('RENAME', key, name)
  return name
end

-- Appends to a stream of a job's own, and returns the entry's id. What else somebody has put there does not keep a job's end from being told.
local function append(key, ...)
  local entry = redis.call('XADD', key, ...)
  if type(entry) == 'string' then return entry end
  set_aside(key)
  return redis.call('XADD', key, ...)
end

-- Removes a job and all it owns, whatever place it is in; `keep_children` leaves the set of those that wait for it.
local function delete_job(id, queue, status, keep_children)
  leave_place(id, queue, status)
  local executions = redis.call('ZRANGE', executions_key(id), 0, -1)
  for i = 1, #executions do end_lease(id, executions[i], queue) end
  local fields = redis.call('HMGET', job_key(id), 'group_id', 'dependency_ids')
  local group = present(fields[1])
  if group and redis.call('SREM', P .. ':group:' .. group, id) == 1 and redis.call('EXISTS', P .. ':group:' .. group) == 0 then
    redis.call('SREM', P .. ':groups', group)
  end
  -- A repeated job is also noted as finished, as in RQ.
  redis.call('ZREM', registry_key('finished', queue), id)
  local ok, parents = pcall(cjson.decode, fields[2] or '[]')
  for _, parent in ipairs(ok and type(parents) == 'table' and parents or {}) do
    if type(parent) == 'string' then
      redis.call('SREM', dependents_key(parent), id)
      redis.call('SREM', children_key(parent), id)
    end
  end
  redis.call('UNLINK', job_key(id), results_key(id), output_key(id), executions_key(id), children_key(id), dependencies_key(id), live_key(id))
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

-- A job that is not to be kept is kept for so many seconds when somebody waits for it, who is to learn how it ended.
local KEPT_FOR_WAITING = 60
-- One whose callback is still to be run is kept for so many seconds at least.
local KEPT_FOR_CALLBACK = 86400
local function kept_for_callback(ttl) return ttl < 0 and ttl or math.max(ttl, KEPT_FOR_CALLBACK) end

-- The seconds to keep a failed, stopped or canceled job: its failure_ttl, RQ's default of a year, negative for ever.
local function failure_ttl(id)
  local fields = redis.call('HMGET', job_key(id), 'failure_ttl', 'rqt_waited', 'rqt_callback_due')
  local ttl = whole(fields[1], 31536000)
  if fields[3] then return kept_for_callback(ttl) end
  return ttl == 0 and fields[2] and KEPT_FOR_WAITING or ttl
end

-- Appends what an attempt left to the job's results (RQ's types 1 to 5).
local function add_result(id, type, fields)
  local entry = { 'type', type, 'worker_name', fields.worker or '' }
  for _, name in ipairs({ 'return_value', 'exc_string', 'rqt_exit_status', 'execution_id', 'execution_started_at' }) do
    if present(fields[name]) then
      entry[#entry + 1] = name
      entry[#entry + 1] = fields[name]
    end
  end
  entry[#entry + 1] = 'execution_ended_at'
  entry[#entry + 1] = NOW_F
  append(results_key(id), 'MAXLEN', '~', 10, '*', unpack(entry))
end
