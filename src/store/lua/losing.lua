-- losing.lua: what becomes of an execution whose worker is gone. Put behind settling.lua.

-- Which callback a job has for the way in which its task ended.
local CALLBACK_OF = { finished = 'success', failed = 'failure', stopped = 'stopped' }

-- Ends a job as its task has left it, which its worker noted before it began the callback (rqt_outcome) and died: that is still due.
-- Returns how the job ended and its exc_string, or nil when nothing was noted.
local function settle_noted(id, execution, queue, noted, attempt)
  local ok, report = pcall(cjson.decode, noted or '')
  if not ok or type(report) ~= 'table' or report.execution ~= execution or not CALLBACK_OF[report.kind] then return nil end
  -- Anybody may have written there.
  for _, name in ipairs({ 'return_value', 'exc_string', 'note', 'rqt_exit_status' }) do
    if type(report[name]) ~= 'string' then report[name] = '' end
  end
  report.default_result_ttl = number(report.default_result_ttl, 500)
  report.id, report.queue, report.worker = id, queue, attempt.worker
  report.execution_id, report.execution_started_at = execution, attempt.execution_started_at
  report.callback_due, report.callback_tries = CALLBACK_OF[report.kind], 1
  return end_as_reported(report)[1], report.exc_string
end

-- What lose_execution() does with a job whose worker died, from four arguments of a script: exc_string for a job whose crash budget is
-- used up, exc_string for one that may be started only once (both base64 zlib), crash budget, exc_string for one that was to be stopped.
local function read_crash(first)
  return { given_up = ARGV[first], given_up_once = ARGV[first + 1], budget = tonumber(ARGV[first + 2]), stopped = ARGV[first + 3] }
end

-- Ends an execution whose worker is gone. Crashes are counted apart from failures and spend no retry. crash: see read_crash().
-- Returns what became of the job: {'queued', 'failed', 'stopped' or 'finished', description, crashes, '1' when it may be started only once else '',
-- '1' when its task had come to its end else '', exc_string of that or '', worker, when the execution began and when it was ended (epoch, '' when that is not known),
-- attempt}; nil when it no longer ran, or runs elsewhere.
local function lose_execution(id, execution, queue, crash)
  local began = redis.call('HGET', execution_key(id, execution), 'created_at')
  end_lease(id, execution, queue)
  local fields = redis.call('HMGET', job_key(id), 'status', 'rqt_crashes', 'rqt_max_crashes', 'rqt_at_most_once', 'rqt_stop', 'worker_name',
    'description', 'rqt_outcome', 'rqt_attempts')
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
  local function told(fate, noted, exc_string)
    return { fate, fields[7] or '', crashes, fields[4] and '1' or '', noted or '', exc_string or '', fields[6] or '', began or '', NOW_F, whole(fields[9], 1) }
  end
  local noted, exc_string = settle_noted(id, execution, queue, fields[8], attempt)
  if noted then return told(noted, '1', exc_string) end
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
  return told(fate)
end
