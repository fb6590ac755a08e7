-- stopping.lua: how a started job is asked to stop. Put behind endings.lua.

-- Tells the worker of a started job, which finds it in its next heartbeat if it did not hear. A job whose leases have all lapsed is ended here.
-- Returns {'stopping', queue, worker, execution ('' for RQ 1.13, which has none)} or {'stopped', queue,
-- 1 when more children are to be judged}.
local function stop_started(id, queue, worker, exc_string)
  local wip = registry_key('wip', queue)
  local function ask(execution)
    redis.call('HSET', job_key(id), 'rqt_stop', '1')
    redis.call('PUBLISH', P .. ':pubsub:' .. worker, cjson.encode({ command = 'stop-job', job_id = id }))
    return { 'stopping', queue, worker, execution }
  end
  local executions = redis.call('ZRANGE', executions_key(id), 0, -1)
  for _, execution in ipairs(executions) do
    local lease = redis.call('ZSCORE', wip, id .. ':' .. execution)
    if lease and tonumber(lease) >= NOW then return ask(execution) end
  end
  local plain = redis.call('ZSCORE', wip, id)
  if plain and tonumber(plain) >= NOW then return ask('') end
  redis.call('ZREM', wip, id)
  local last = executions[#executions]
  local began = last and redis.call('HGET', execution_key(id, last), 'created_at')
  for _, execution in ipairs(executions) do end_lease(id, execution, queue) end
  end_without_worker(id, queue, 'stopped', { worker = worker, exc_string = exc_string, execution_id = last,
    execution_started_at = began })
  return { 'stopped', queue, redis.call('EXISTS', RELEASING) }
end
