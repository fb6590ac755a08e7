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

-- Keeps a job in RQ's failed registry for as long as such a job is kept.
local function keep_among_failed(id, queue, ttl)
  redis.call('ZADD', registry_key('failed', queue), ttl < 0 and ttl or NOW + ttl, id)
  keep_for(id, ttl)
end

-- Ends a job as failed or stopped.
local function end_badly(id, queue, status)
  local ttl = failure_ttl(id)
  redis.call('HSET', job_key(id), 'status', status, 'ended_at', stamp())
  redis.call('HDEL', job_key(id), 'rqt_stop')
  redis.call('ZREM', registry_key('finished', queue), id)
  if ttl == 0 then return remove_job(id, queue, status) end
  keep_among_failed(id, queue, ttl)
  release_dependents(id)
end

-- Ends a job as failed or stopped in the place of its worker, which is gone or about to go: the callback that the job has for that is left to
-- a worker of its queue (take_callback.lua). result: as for add_result.
local function end_without_worker(id, queue, status, result)
  local on = status == 'failed' and 'failure' or 'stopped'
  if present(redis.call('HGET', job_key(id), on .. '_callback_name')) then
    redis.call('HSET', job_key(id), 'rqt_callback_due', on)
    redis.call('RPUSH', callbacks_key(queue), id)
  end
  if failure_ttl(id) ~= 0 then add_result(id, status == 'failed' and 2 or 3, result) end
  end_badly(id, queue, status)
end

-- Leaves the callback of an ended job to another worker, since the one that ran it was cut short. Nothing happens when none is due.
local function owe_callback_again(id, queue)
  if redis.call('HEXISTS', job_key(id), 'rqt_callback_due') == 0 or redis.call('LPOS', callbacks_key(queue), id) then return end
  redis.call('RPUSH', callbacks_key(queue), id)
end

-- The callback that was due has been run: the job is kept from now on as long as one that had none.
local function close_callback(id, queue)
  redis.call('HDEL', job_key(id), 'rqt_callback_due', 'rqt_callback_tries')
  local status = redis.call('HGET', job_key(id), 'status')
  -- Others (Python) may have requeued it meanwhile.
  if REGISTRY_OF[status] ~= 'failed' then return end
  local ttl = failure_ttl(id)
  if ttl == 0 then return remove_job(id, queue, status) end
  keep_among_failed(id, queue, ttl)
end

-- So many attempts that were cut short are remembered.
local MOST_INTERRUPTIONS = 10

-- Notes an attempt that was cut short and left no result: RQ's results have no type for that. why: 'died' or 'stopped', its worker.
local function note_interruption(id, attempt, why)
  local ok, list = pcall(cjson.decode, redis.call('HGET', job_key(id), 'rqt_interruptions') or '[]')
  if not ok or type(list) ~= 'table' then list = {} end
  list[#list + 1] = { attempt.execution_id or '', attempt.worker or '', attempt.execution_started_at or '', NOW_F, why }
  while #list > MOST_INTERRUPTIONS do table.remove(list, 1) end
  redis.call('HSET', job_key(id), 'rqt_interruptions', cjson.encode(list))
end

-- What lose_execution() does with a job whose worker died, from four arguments of a script: exc_string for a job whose crash budget is
-- used up, exc_string for one that may be started only once (both base64 zlib), crash budget, exc_string for one that was to be stopped.
local function read_crash(first)
  return { given_up = ARGV[first], given_up_once = ARGV[first + 1], budget = tonumber(ARGV[first + 2]), stopped = ARGV[first + 3] }
end

-- Ends an execution whose worker is gone. Crashes are counted apart from failures and spend no retry. crash: see read_crash().
-- Returns what became of the job: {'queued', 'failed' or 'stopped', description, crashes, '1' when it may be started only once else ''};
-- nil when it no longer ran, or runs elsewhere.
local function lose_execution(id, execution, queue, crash)
  local began = redis.call('HGET', execution_key(id, execution), 'created_at')
  end_lease(id, execution, queue)
  local fields = redis.call('HMGET', job_key(id), 'status', 'rqt_crashes', 'rqt_max_crashes', 'rqt_at_most_once', 'rqt_stop', 'worker_name',
    'description')
  if fields[1] ~= 'started' then
    -- It ran the callback of an ended one.
    owe_callback_again(id, queue)
    return nil
  end
  -- One without a lease is what others (Python) left of it.
  for _, other in ipairs(redis.call('ZRANGE', executions_key(id), 0, -1)) do
    if redis.call('ZSCORE', registry_key('wip', queue), id .. ':' .. other) then return nil end
    end_lease(id, other, queue)
  end
  local crashes = whole(fields[2], 0) + 1
  redis.call('HSET', job_key(id), 'rqt_crashes', crashes)
  local attempt = { worker = fields[6], execution_id = execution, execution_started_at = began }
  local fate = 'queued'
  if fields[5] then
    fate, attempt.exc_string = 'stopped', crash.stopped
  elseif fields[4] then
    fate, attempt.exc_string = 'failed', crash.given_up_once
  elseif crashes > whole(fields[3], crash.budget) then
    fate, attempt.exc_string = 'failed', crash.given_up
  end
  if fate == 'queued' then
    note_interruption(id, attempt, 'died')
    put_back(id, queue)
  else
    end_without_worker(id, queue, fate, attempt)
  end
  return { fate, fields[7] or '', crashes, fields[4] and '1' or '' }
end
