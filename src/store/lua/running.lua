-- running.lua: claim and settle as functions, so that the hot path does both in one round trip. Put behind endings.lua.

local CLAIM_SKIPS = 1000

-- What the worker needs of a job to run it, as the script's reply.
local function claimed_reply(queue, id, execution, fields, attempt)
  return { 'claimed', queue, id, execution, attempt, fields[2] or '', fields[3] or '', fields[4] or '', fields[7] or '',
    fields[8] or '', fields[9] or '', fields[10] or '', fields[11] or '', fields[12] or '', fields[13] or '', fields[14] or '',
    fields[15] or '', fields[17] or '' }
end

local CLAIM_FIELDS = { 'status', 'data', 'timeout', 'description', 'rqt_attempts', 'rqt_expires', 'retries_left', 'meta',
  'success_callback_name', 'success_callback_timeout', 'failure_callback_name', 'failure_callback_timeout',
  'stopped_callback_name', 'stopped_callback_timeout', 'rqt_asked_retries', 'rqt_stop', 'rqt_waited' }

-- Gives a worker the lease of a job, and makes what stands for the execution. Returns false when the queue can have no leases.
local function begin_execution(queue, id, request)
  local until_ = NOW + request.lease
  if redis.call('ZADD', registry_key('wip', queue), until_, id .. ':' .. request.execution) == 0 then return false end
  redis.call('HSET', execution_key(id, request.execution), 'id', request.execution, 'job_id', id,
    'created_at', NOW_F, 'last_heartbeat', NOW_F, 'worker_name', request.worker)
  local kept = string.format('%d', request.lease + 60)
  redis.call('EXPIRE', execution_key(id, request.execution), kept)
  redis.call('ZADD', executions_key(id), until_ + 60, request.execution)
  redis.call('EXPIRE', executions_key(id), kept)
  redis.call('HSET', worker_key(request.worker), 'state', 'busy', 'rqt_claim', request.execution .. ':' .. queue .. ':' .. id)
  return true
end

-- Starts one job: execution, lease and `started` in the same step. nil when its queue can have no leases: it is back on the list.
local function start_job(queue, id, fields, request)
  if not begin_execution(queue, id, request) then
    redis.call('LPUSH', queue_key(queue), id)
    return nil
  end
  local attempt = whole(fields[5], 0) + 1
  local now = stamp()
  if attempt > 1 then
    redis.call('DEL', output_key(id))
    redis.call('HDEL', job_key(id), 'rqt_progress', 'rqt_callback_error')
  end
  -- Left from an execution that was not rqt's.
  if fields[16] then redis.call('HDEL', job_key(id), 'rqt_stop') end
  redis.call('HSET', job_key(id), 'status', 'started', 'started_at', now, 'ended_at', '', 'last_heartbeat', now,
    'worker_name', request.worker, 'rqt_attempts', attempt)
  redis.call('PERSIST', job_key(id))
  if fields[6] then
    redis.call('HDEL', job_key(id), 'rqt_expires')
    redis.call('ZREM', EXPIRING, id)
  end
  return claimed_reply(queue, id, request.execution, fields, attempt)
end

-- Queue and id of the job that a worker has already taken under this execution id, while its lease lasts: the first answer got lost on the way.
local function claimed_before(execution, claim)
  if not claim or claim:sub(1, #execution + 1) ~= execution .. ':' then return nil end
  local queue, id = claim:sub(#execution + 2):match('^(.*):([^:]*)$')
  if not queue or not redis.call('ZSCORE', registry_key('wip', queue), id .. ':' .. execution) then return nil end
  return queue, id
end

-- The answer to a claim that was already made.
local function repeat_claim(request, claim)
  local queue, id = claimed_before(request.execution, claim)
  if not id then return nil end
  local fields = redis.call('HMGET', job_key(id), unpack(CLAIM_FIELDS))
  return claimed_reply(queue, id, request.execution, fields, whole(fields[5], 1))
end

-- Takes the first job that waits on the queues, in their order. request: worker, execution, lease (seconds), queues.
-- Returns {'claimed', queue, id, execution, attempt, data, timeout, description, retries_left, meta, then name and
-- timeout of the success, failure and stopped callbacks, how often its task has asked for a retry, and '1' when somebody waits for it},
-- {'none'}, {'suspended', queue, ...}: those with jobs, none when all workers are,
-- {'unregistered'} when Redis does not know the worker, or {'again'} after CLAIM_SKIPS ids that led nowhere, so that no call
-- blocks Redis for long.
local function claim(request)
  local known = redis.call('HMGET', worker_key(request.worker), 'birth', 'rqt_claim')
  if not known[1] then return { 'unregistered' } end
  local repeated = repeat_claim(request, known[2])
  if repeated then return repeated end
  if redis.call('EXISTS', P .. ':suspended') == 1 then return { 'suspended' } end
  -- {'suspended', queue, ...} once jobs were met that are held back.
  local suspended, skips = nil, 0
  for _, queue in ipairs(request.queues) do
    if redis.call('EXISTS', P .. ':rqt:suspended:' .. queue) == 1 then
      if redis.call('EXISTS', queue_key(queue)) == 1 then
        suspended = suspended or { 'suspended' }
        suspended[#suspended + 1] = queue
      end
    else
      while true do
        local id = redis.call('LPOP', queue_key(queue))
        if not id then break end
        local fields = redis.call('HMGET', job_key(id), unpack(CLAIM_FIELDS))
        if fields[1] == 'queued' then
          if fields[6] and number(fields[6], math.huge) <= NOW_MS then
            -- It has left its list already: no search through that.
            redis.call('ZREM', EXPIRING, id)
            cancel_waiting(id, queue, 'none', 'it waited longer than its ttl')
            skips = skips + 9
          else
            local started = start_job(queue, id, fields, request)
            if started then return started end
            -- Its jobs wait for somebody to put that right.
            suspended = suspended or { 'suspended' }
            break
          end
        end
        skips = skips + 1
        if skips >= CLAIM_SKIPS then return { 'again' } end
      end
    end
  end
  return suspended or { 'none' }
end

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

-- RQ's repetition after a success: enqueued again at once or after its interval.
local function repeat_job(id, queue, repeats_left, intervals_json)
  redis.call('HSET', job_key(id), 'repeats_left', repeats_left - 1)
  local ok, intervals = pcall(cjson.decode, intervals_json or '[]')
  local interval = 0
  if ok and type(intervals) == 'table' and #intervals > 0 then
    interval = number(intervals[repeats_left] or intervals[#intervals], 0)
  end
  if interval > 0 then put_on_schedule(id, queue, due_in(interval)) else put_on_queue(id, queue, false) end
end

-- Whether Redis knows a worker; asked once a script, none of which makes or ends a worker behind this.
local known_workers = {}
local function is_known(worker)
  if known_workers[worker] == nil then known_workers[worker] = redis.call('EXISTS', worker_key(worker)) == 1 end
  return known_workers[worker]
end

-- Adds to a worker's counters, unless Redis has forgotten the worker: no ghost hash is left. One that is no number stays as it is.
local function count(worker, command, field, amount)
  if is_known(worker) then redis.pcall(command, worker_key(worker), field, amount) end
end

-- Notes that a worker runs nothing now.
local function rest(worker, state)
  if not is_known(worker) then return end
  redis.call('HDEL', worker_key(worker), 'rqt_claim')
  redis.call('HSET', worker_key(worker), 'state', state)
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

local function fail(report, fields)
  local id, queue = report.id, report.queue
  local retries_left = whole(fields.retries_left, 0)
  local stopped = report.kind == 'stopped' or fields.stop
  count(report.worker, 'HINCRBY', 'failed_job_count', 1)
  local wait, most = report.note:match('^in (%d+) (%S+)$')
  if wait and not stopped then
    local asked = whole(redis.call('HGET', job_key(id), 'rqt_asked_retries'), 0) + 1
    redis.call('HSET', job_key(id), 'rqt_asked_retries', asked)
    if most == '-' or asked <= tonumber(most) then
      add_result(id, 4, report)
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

-- Ends an execution with what it left, only while it holds its lease. report: kind (finished, failed, stopped), id, execution,
-- queue, worker, default_result_ttl, return_value, exc_string (both encoded), rqt_exit_status (of the command it ran, or ''), note (of a finished job:
-- why it has no result; of a failed one what its task says of trying again: 'never', 'in <seconds> <most>' or 'in <seconds> -'), chunks.
-- Returns {'finished'|'failed'|'stopped', ttl}, {'retried', seconds, retries left}, or {'lost'}: the lease was lost and nothing was changed.
-- When the first answer got lost on the way and the report comes again, it is the same answer and nothing is changed.
local function settle(report)
  local id, queue = report.id, report.queue
  report.execution_id = report.execution
  report.execution_started_at = redis.call('HGET', execution_key(id, report.execution), 'created_at')
  if not end_lease(id, report.execution, queue) then
    return settled_before(report.worker, report.execution) or { 'lost', 0 }
  end
  local values = redis.call('HMGET', job_key(id), 'result_ttl', 'retries_left', 'retry_intervals', 'repeats_left', 'repeat_intervals',
    'enqueue_at_front_on_retry', 'rqt_stop', 'status', 'rqt_absent', 'rqt_waited')
  if not values[8] then return { 'lost', 0 } end
  local fields = {
    result_ttl = values[1], retries_left = values[2], retry_intervals = values[3], repeats_left = values[4], repeat_intervals = values[5],
    at_front = values[6], stop = values[7], absent = values[9], waited = values[10],
  }
  local started = number(report.execution_started_at)
  if started then
    count(report.worker, 'HINCRBYFLOAT', 'total_working_time',
      string.format('%.6f', tonumber(NOW_F) - started))
  end
  keep_output(id, report.execution, report.chunks)
  local answer = report.kind == 'finished' and finish(report, fields) or fail(report, fields)
  return note_settled(report.worker, report.execution, answer)
end
