-- mend_lease.lua: a lease that has lapsed is ended as by a sweep; one that stands for no running job is ended; and what an execution
-- consists of (lease, entry, hash) is made complete, or removed.
-- ARGV     2 queue, '' for that of the job, 3 id, 4 execution, '' for a lease of RQ 1.13, which has none,
--          5 to 8 see read_crash()
-- returns  {'mended', what was done}, {'fine'} or {'blocked', key}: that key holds something of another type
-- O(length of the queue) when its job is queued, O(queues) for an execution without a lease, else O(log n)
local id, execution = ARGV[3], ARGV[4]
local crash = read_crash(5)
local wrong = wrong_key(ARGV[2], id)
if wrong then return { 'blocked', wrong } end
local fields = redis.call('HMGET', job_key(id), 'status', 'origin', 'worker_name', 'rqt_callback_due')
local status, origin, runs_callback = fields[1], present(fields[2]), fields[4]
local queue = ARGV[2] ~= '' and ARGV[2] or origin or ''
-- Of a damaged job: which queue's lease it has is not known.
if queue == '' and status then return { 'fine' } end
for _, name in ipairs({ queue, origin or queue }) do
  wrong = wrong_key(name, id)
  if wrong then return { 'blocked', wrong } end
end
local hash_type = execution ~= '' and redis.call('TYPE', execution_key(id, execution)).ok or 'none'
if hash_type ~= 'none' and hash_type ~= 'hash' then return { 'blocked', execution_key(id, execution) } end
local member = execution == '' and id or id .. ':' .. execution
local lease = tonumber(redis.call('ZSCORE', registry_key('wip', queue), member) or '')

if not lease and ARGV[2] == '' then
  -- It may run from the list of another queue.
  for _, name in ipairs(queue_names()) do
    if redis.call('ZSCORE', registry_key('wip', name), member) then return { 'fine' } end
  end
end
if not lease then
  local listed = redis.call('ZREM', executions_key(id), execution)
  local removed = redis.call('DEL', execution_key(id, execution))
  return listed + removed > 0 and { 'mended', 'removed what was left of an execution' } or { 'fine' }
end
if lease < NOW then
  redis.call('ZREM', registry_key('wip', queue), member)
  return { 'mended', told_fate(lose_execution(id, execution, queue, crash)) or 'ended the lease: its job does not run' }
end
if not status or ((status == 'finished' or REGISTRY_OF[status] == 'failed') and not runs_callback) then
  redis.call('ZREM', registry_key('wip', queue), member)
  end_lease(id, execution, queue)
  return { 'mended', 'ended the lease: its job does not run' }
end
if status == 'queued' or status == 'deferred' or status == 'scheduled' then
  -- Somebody runs it now: that it waits as well would start it a second time.
  leave_place(id, origin or queue, status)
  redis.call('HSET', job_key(id), 'status', 'started')
  return { 'mended', 'marked as started: it runs' }
end
if execution == '' then return { 'fine' } end
local hash = redis.call('HMGET', execution_key(id, execution), 'id', 'job_id', 'created_at', 'last_heartbeat')
local is_listed_there = redis.call('ZSCORE', executions_key(id), execution)
local function epoch(text) return text and text:match('^%d+%.%d+$') or nil end
if hash[1] == execution and hash[2] == id and epoch(hash[3]) and epoch(hash[4]) and is_listed_there then return { 'fine' } end
for _, other in ipairs(is_listed_there and {} or redis.call('ZRANGE', executions_key(id), 0, -1)) do
  if redis.call('ZSCORE', registry_key('wip', queue), id .. ':' .. other) then
    end_lease(id, execution, queue)
    return { 'mended', 'ended the lease: another execution of the job has one' }
  end
end
-- A lease may be said to last for ever, a key cannot.
local kept = string.format('%d', math.min(lease - NOW + 60, 31536000))
redis.call('HSET', execution_key(id, execution), 'id', execution, 'job_id', id, 'created_at', epoch(hash[3]) or NOW_F,
  'last_heartbeat', epoch(hash[4]) or NOW_F, 'worker_name', fields[3] or '')
redis.call('EXPIRE', execution_key(id, execution), kept)
redis.call('ZADD', executions_key(id), lease + 60, execution)
redis.call('EXPIRE', executions_key(id), kept)
return { 'mended', 'completed the execution' }
