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

-- Leaves a callback of a job that ends now to a worker of its queue (take_callback.lua). on: success, failure or stopped; tries: how often it was begun.
local function owe_callback(id, queue, on, tries)
  redis.call('HSET', job_key(id), 'rqt_callback_due', on, 'rqt_callback_tries', tries)
  redis.call('RPUSH', callbacks_key(queue), id)
  tell_workers({ queue = queue })
end

-- Leaves it to another worker, since the one that ran it was cut short. Nothing happens when none is due.
local function owe_callback_again(id, queue)
  if redis.call('HEXISTS', job_key(id), 'rqt_callback_due') == 0 or redis.call('LPOS', callbacks_key(queue), id) then return end
  redis.call('RPUSH', callbacks_key(queue), id)
  tell_workers({ queue = queue })
end

-- Whether a job is still as its callback is to find it: others (Python) may have requeued it.
local function callback_fits(status, on)
  if on == 'success' then return status == 'finished' end
  return REGISTRY_OF[status] == 'failed'
end

-- Ends a job as failed or stopped in the place of its worker, which is gone or about to go. result: as for add_result.
local function end_without_worker(id, queue, status, result)
  local on = status == 'failed' and 'failure' or 'stopped'
  if present(redis.call('HGET', job_key(id), on .. '_callback_name')) then owe_callback(id, queue, on, 0) end
  if failure_ttl(id) ~= 0 then add_result(id, status == 'failed' and 2 or 3, result) end
  end_badly(id, queue, status)
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
