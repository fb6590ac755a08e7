-- stopping.lua: how a started job is asked to stop. Put behind endings.lua.

-- Tells the worker of a started job, which finds it in its next heartbeat if it did not hear. A job whose leases have all lapsed is ended here.
-- Returns {'stopping', queue, worker, execution ('' for RQ 1.13, which has none)} or {'stopped', queue,
-- 1 when more children are to be judged}, or {'ended', state}: its task had ended, which settle_as_noted (settle_noted() of losing.lua, where that is
-- at hand) has found.
local function stop_started(id, queue, worker, exc_string, settle_as_noted)
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
  local noted = settle_as_noted and last and redis.call('HGET', job_key(id), 'rqt_outcome')
  local state = noted and settle_as_noted(id, last, queue, noted, { worker = worker, execution_started_at = began })
  if state then return { 'ended', state } end
  end_without_worker(id, queue, 'stopped', { worker = worker, exc_string = exc_string, execution_id = last,
    execution_started_at = began })
  return { 'stopped', queue, redis.call('EXISTS', RELEASING) }
end
