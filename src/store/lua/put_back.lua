-- put_back.lua: gives up an execution and puts its job to the front of its queue: no failure, no crash, no retry spent.
-- ARGV     2 worker, 3 id, 4 execution, 5 queue, 6 exc_string for a job that may be started only once (base64 zlib), '' when it has not begun:
--          then it was no attempt either, 7 exc_string for one that was to be stopped
-- returns  {'queued'}, {'stopped'}: somebody wanted it stopped meanwhile, {'failed'}: it may not be started again, or {'lost'}
-- O(log n)
local worker, id, execution, queue = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local attempt = { worker = worker, execution_id = execution, execution_started_at = redis.call('HGET', execution_key(id, execution), 'created_at') }
rest(worker, 'idle')
local held, is_gone = end_lease(id, execution, queue), clear_gone(id)
if not held then return { (settled_before(worker, execution) or { 'lost' })[1] } end
if is_gone then return { 'lost' } end
if redis.call('HEXISTS', job_key(id), 'rqt_stop') == 1 then
  attempt.exc_string = ARGV[7]
  end_without_worker(id, queue, 'stopped', attempt)
  return note_settled(worker, execution, { 'stopped' })
end
if ARGV[6] ~= '' and redis.call('HEXISTS', job_key(id), 'rqt_at_most_once') == 1 then
  attempt.exc_string = ARGV[6]
  end_without_worker(id, queue, 'failed', attempt)
  return note_settled(worker, execution, { 'failed' })
end
if ARGV[6] == '' then
  redis.call('HSET', job_key(id), 'rqt_attempts', math.max(0, whole(redis.call('HGET', job_key(id), 'rqt_attempts'), 1) - 1))
else
  note_interruption(id, attempt, 'stopped')
end
put_back(id, queue)
return note_settled(worker, execution, { 'queued' })
