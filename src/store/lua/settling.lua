-- settling.lua: what an execution leaves, and how it is ended. Put behind claiming.lua, so that the hot path does both in one round trip.

-- Keeps what an attempt wrote. output: ids of entries that make room, joined by spaces, then stream (1 stdout, 2 stderr), offset of its
-- first byte in that stream, bytes; three at a time. Returns the new entries' ids. When the first answer got lost on the way and
-- this is the repetition, the newest entry is the last one of these already.
local function keep_output(id, execution, output)
  local key, ids = output_key(id), {}
  if #output < 2 then return ids end
  local newest = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
  local fields = newest and newest[2]
  if fields and fields[2] == execution and fields[4] == output[#output - 2] and fields[6] == output[#output - 1]
    and fields[8] == output[#output] then
    local entries = redis.call('XREVRANGE', key, '+', '-', 'COUNT', (#output - 1) / 3)
    for i = #entries, 1, -1 do ids[#ids + 1] = entries[i][1] end
    return ids
  end
  for i = 2, #output, 3 do
    ids[#ids + 1] = append(key, '*', 'x', execution, 's', output[i], 'o', output[i + 1], 't', output[i + 2])
  end
  for dropped in output[1]:gmatch('%S+') do redis.call('XDEL', key, dropped) end
  -- That of a job which has ended, and whose callback wrote it, goes with the job.
  local ttl = redis.call('PTTL', job_key(id))
  if ttl > 0 then redis.call('PEXPIRE', key, ttl) end
  return ids
end

-- RQ's interval for the next retry: the last ones are used up first when there are fewer retries than intervals.
local function retry_interval(intervals_json, retries_left)
  local ok, intervals = pcall(cjson.decode, intervals_json or '[]')
  if not ok or type(intervals) ~= 'table' or #intervals == 0 then return 0 end
  local index = #intervals - retries_left
  if index < 0 then index = 0 end
  return number(intervals[index + 1] or intervals[#intervals], 0)
end

-- Another attempt after a failure. Returns {'retried', seconds until then, retries left after it}.
local function retry(id, queue, fields, retries_left)
  redis.call('HSET', job_key(id), 'retries_left', retries_left - 1)
  local interval = retry_interval(fields.retry_intervals, retries_left)
  if interval > 0 then
    put_on_schedule(id, queue, due_in(interval))
  else
    put_on_queue(id, queue, fields.at_front == '1')
  end
  return { 'retried', interval, retries_left - 1 }
end

-- RQ's repetition after a success: enqueued again at once or after its interval. What one run was allowed counts anew in the next.
local function repeat_job(id, queue, repeats_left, intervals_json)
  redis.call('HSET', job_key(id), 'repeats_left', repeats_left - 1)
  redis.call('HDEL', job_key(id), 'rqt_crashes', 'rqt_asked_retries')
  local ok, intervals = pcall(cjson.decode, intervals_json or '[]')
  local interval = 0
  if ok and type(intervals) == 'table' and #intervals > 0 then
    interval = number(intervals[repeats_left] or intervals[#intervals], 0)
  end
  if interval > 0 then put_on_schedule(id, queue, due_in(interval)) else put_on_queue(id, queue, false) end
end

-- The callback that was due has been run: a job that is to be repeated goes on, any other is kept from now on as long as one that had none.
local function close_callback(id, queue)
  local fields = redis.call('HMGET', job_key(id), 'status', 'rqt_callback_due', 'rqt_callback_ttl', 'repeats_left', 'repeat_intervals')
  redis.call('HDEL', job_key(id), 'rqt_callback_due', 'rqt_callback_tries', 'rqt_callback_ttl')
  if not fields[2] or not callback_fits(fields[1], fields[2]) then return end
  if fields[1] ~= 'finished' then
    local ttl = failure_ttl(id)
    if ttl == 0 then return remove_job(id, queue, fields[1]) end
    return keep_among_failed(id, queue, ttl)
  end
  local repeats_left, ttl = whole(fields[4], 0), whole(fields[3], 0)
  if repeats_left > 0 then return repeat_job(id, queue, repeats_left, fields[5]) end
  if ttl == 0 then return remove_job(id, queue, 'finished') end
  redis.call('ZADD', registry_key('finished', queue), ttl < 0 and '+inf' or NOW + ttl, id)
  keep_for(id, ttl)
end

-- Adds to a worker's counters, unless Redis has forgotten the worker: no ghost hash is left. One that is no number stays as it is.
local function count(worker, command, field, amount)
  if is_known(worker) then redis.pcall(command, worker_key(worker), field, amount) end
end

-- Keeps with the worker what became of its last execution, so that a report that is sent twice gets the same answer twice.
-- answer: {outcome, number, number}, both numbers optional.
local function note_settled(worker, execution, answer)
  count(worker, 'HSET', 'rqt_settled', table.concat({ execution, answer[1], answer[2] or 0, answer[3] or 0 }, ' '))
  return answer
end

-- The answer that the end of this execution got before, or nil: its lease was lost.
local function settled_before(worker, execution)
  local last = present(redis.call('HGET', worker_key(worker), 'rqt_settled'))
  local known, outcome, first, second = (last or ''):match('^(%S+) (%a+) (%S+) (%S+)$')
  if known ~= execution then return nil end
  return { outcome, tonumber(first), tonumber(second) }
end

local function finish(report, fields)
  local id, queue = report.id, report.queue
  local ttl = whole(fields.result_ttl) or tonumber(report.default_result_ttl)
  local repeats_left = whole(fields.repeats_left, 0)
  if ttl == 0 and fields.waited then ttl = KEPT_FOR_WAITING end
  if fields.callback_due then
    redis.call('HSET', job_key(id), 'rqt_callback_ttl', ttl)
    ttl = kept_for_callback(ttl)
    -- It is repeated when its callback has been run.
    repeats_left = 0
  end
  count(report.worker, 'HINCRBY', 'successful_job_count', 1)
  if ttl == 0 and repeats_left <= 0 then
    redis.call('HSET', job_key(id), 'status', 'finished')
    remove_job(id, queue, 'finished')
    return { 'finished', 0 }
  end
  local now = stamp()
  redis.call('HSET', job_key(id), 'status', 'finished', 'ended_at', now, 'last_heartbeat', now)
  if fields.stop or fields.absent then redis.call('HDEL', job_key(id), 'rqt_stop', 'rqt_absent') end
  if report.note ~= '' then redis.call('HSET', job_key(id), 'rqt_absent', report.note) end
  if ttl ~= 0 then
    add_result(id, 1, report)
    redis.call('ZADD', registry_key('finished', queue), ttl < 0 and '+inf' or NOW + ttl, id)
  end
  release_dependents(id)
  if repeats_left > 0 then
    repeat_job(id, queue, repeats_left, fields.repeat_intervals)
  else
    keep_for(id, ttl)
  end
  return { 'finished', ttl }
end

-- A task that asks without a wait and without a most gets so many retries at once; then a second lies between them, or it would spin.
local MOST_AT_ONCE = 10

local function fail(report, fields)
  local id, queue = report.id, report.queue
  local retries_left = whole(fields.retries_left, 0)
  -- A task that had ended when the stop was asked for was not stopped.
  local stopped = report.kind == 'stopped' or (fields.stop and not fields.was_noted)
  -- Its worker had not heard of the stop, and has called nothing.
  if stopped and report.kind ~= 'stopped' and present(redis.call('HGET', job_key(id), 'stopped_callback_name')) then
    owe_callback(id, queue, 'stopped', 0)
  end
  count(report.worker, 'HINCRBY', 'failed_job_count', 1)
  local wait, most = report.note:match('^in (%d+) (%S+)$')
  if wait and not stopped then
    local asked = whole(redis.call('HGET', job_key(id), 'rqt_asked_retries'), 0) + 1
    redis.call('HSET', job_key(id), 'rqt_asked_retries', asked)
    if most == '-' or asked <= tonumber(most) then
      add_result(id, 4, report)
      if wait == '0' and most == '-' and asked > MOST_AT_ONCE then wait = '1' end
      if wait == '0' then put_on_queue(id, queue, false) else put_on_schedule(id, queue, due_in(tonumber(wait))) end
      return { 'retried', tonumber(wait), retries_left }
    end
    if failure_ttl(id) ~= 0 then add_result(id, 5, report) end
    end_badly(id, queue, 'failed')
    return { 'failed', 0 }
  end
  if not stopped and retries_left > 0 and report.note ~= 'never' then
    add_result(id, 4, report)
    return retry(id, queue, fields, retries_left)
  end
  if failure_ttl(id) ~= 0 then add_result(id, stopped and 3 or 2, report) end
  end_badly(id, queue, stopped and 'stopped' or 'failed')
  return { stopped and 'stopped' or 'failed', 0 }
end

-- Ends a job with what its execution left; its lease is over already. Returns as settle() does.
local function end_as_reported(report)
  local id = report.id
  local values = redis.call('HMGET', job_key(id), 'result_ttl', 'retries_left', 'retry_intervals', 'repeats_left', 'repeat_intervals',
    'enqueue_at_front_on_retry', 'rqt_stop', 'status', 'rqt_absent', 'rqt_waited', 'rqt_outcome')
  if not values[8] then return { 'lost', 0 } end
  local fields = {
    result_ttl = values[1], retries_left = values[2], retry_intervals = values[3], repeats_left = values[4], repeat_intervals = values[5],
    at_front = values[6], stop = values[7], absent = values[9], waited = values[10],
  }
  if values[11] then
    redis.call('HDEL', job_key(id), 'rqt_outcome')
    fields.was_noted = true
  end
  if present(report.callback_due) then
    fields.callback_due = report.callback_due
    owe_callback(id, report.queue, report.callback_due, report.callback_tries)
  end
  return report.kind == 'finished' and finish(report, fields) or fail(report, fields)
end

-- Ends an execution with what it left, only while it holds its lease. report: kind (finished, failed, stopped), id, execution,
-- queue, worker, default_result_ttl, return_value, exc_string (both encoded), rqt_exit_status (of the command it ran, or ''), note (of a finished job:
-- why it has no result; of a failed one what its task says of trying again: 'never', 'in <seconds> <most>' or 'in <seconds> -'),
-- callback_due (success, failure or stopped, when that was cut short and is left to another worker, else ''), chunks.
-- Returns {'finished'|'failed'|'stopped', ttl}, {'retried', seconds, retries left}, or {'lost'}: the lease was lost and nothing was changed.
-- When the first answer got lost on the way and the report comes again, it is the same answer and nothing is changed.
local function settle(report)
  local id = report.id
  report.execution_id = report.execution
  report.execution_started_at = redis.call('HGET', execution_key(id, report.execution), 'created_at')
  local held = end_lease(id, report.execution, report.queue)
  local is_gone = clear_gone(id)
  if not held then return settled_before(report.worker, report.execution) or { 'lost', 0 } end
  if is_gone then return { 'lost', 0 } end
  local started = number(report.execution_started_at)
  if started then
    count(report.worker, 'HINCRBYFLOAT', 'total_working_time',
      string.format('%.6f', tonumber(NOW_F) - started))
  end
  keep_output(id, report.execution, report.chunks)
  report.callback_tries = 0
  return note_settled(report.worker, report.execution, end_as_reported(report))
end
