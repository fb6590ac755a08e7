-- claiming.lua: how a worker takes a job, and rests. Put behind endings.lua.

-- Whether Redis knows a worker; asked once a script, none of which makes or ends a worker behind this.
local known_workers = {}
local function is_known(worker)
  if known_workers[worker] == nil then known_workers[worker] = redis.call('EXISTS', worker_key(worker)) == 1 end
  return known_workers[worker]
end

-- Notes that a worker runs nothing now.
local function rest(worker, state)
  if not is_known(worker) then return end
  redis.call('HDEL', worker_key(worker), 'rqt_claim')
  redis.call('HSET', worker_key(worker), 'state', state)
end

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
