-- endings.lua: how a job ends otherwise than by finishing. Put behind family.lua.

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
  local crashes = whole(fields[2], 0) + 1
  redis.call('HSET', job_key(id), 'rqt_crashes', crashes)
  local result = { worker = fields[6], execution_id = execution }
  if fields[5] then
    result.exc_string = crash.stopped
    add_result(id, 3, result)
    end_badly(id, queue, 'stopped')
    return 'stopped'
  end
  if fields[4] or crashes > whole(fields[3], crash.budget) then
    result.exc_string = crash.given_up
    add_result(id, 2, result)
    end_badly(id, queue, 'failed')
    return 'failed'
  end
  put_back(id, queue)
  return 'queued'
end
