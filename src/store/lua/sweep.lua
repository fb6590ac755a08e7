-- sweep.lua: puts back the jobs of a queue whose workers died, and forgets what its registries hold beyond its time.
-- ARGV     2 queue, 3 exc_string for a job whose crash budget is used up (base64 zlib), 4 crash budget,
--          5 exc_string for a job that a dead worker was to stop
-- returns  {'swept', id, fate, …}: fate is queued, failed or stopped
-- O(100) each
local queue, budget = ARGV[2], tonumber(ARGV[4])
local wip = registry_key('wip', queue)
local reply = { 'swept' }

local function note(id, fate)
  reply[#reply + 1] = id
  reply[#reply + 1] = fate
end

-- A job whose execution is gone: crashes are counted apart from failures and spend no retry.
local function settle_crash(id, execution)
  local fields = redis.call('HMGET', job_key(id), 'rqt_crashes', 'rqt_max_crashes', 'rqt_at_most_once', 'rqt_stop', 'worker_name')
  local crashes = tonumber(fields[1] or 0) + 1
  redis.call('HSET', job_key(id), 'rqt_crashes', crashes)
  local result = { worker = fields[5], execution_id = execution }
  if fields[4] then
    result.exc_string = ARGV[5]
    add_result(id, 3, result)
    end_badly(id, queue, 'stopped')
    return 'stopped'
  end
  if fields[3] or crashes > tonumber(fields[2] or budget) then
    result.exc_string = ARGV[3]
    add_result(id, 2, result)
    end_badly(id, queue, 'failed')
    return 'failed'
  end
  put_back(id, queue)
  return 'queued'
end

for _, member in ipairs(redis.call('ZRANGEBYSCORE', wip, '-inf', '(' .. NOW, 'LIMIT', 0, 100)) do
  local id, execution = member:match('^([^:]*):?(.*)$')
  redis.call('ZREM', wip, member)
  end_lease(id, execution, queue)
  local another = redis.call('ZCARD', executions_key(id)) > 0
  if redis.call('HGET', job_key(id), 'status') == 'started' and not another then note(id, settle_crash(id, execution)) end
end

redis.call('ZREMRANGEBYSCORE', registry_key('finished', queue), 0, NOW)
redis.call('ZREMRANGEBYSCORE', registry_key('failed', queue), 0, NOW)
for _, id in ipairs(redis.call('ZRANGE', registry_key('canceled', queue), 0, 99)) do
  if redis.call('EXISTS', job_key(id)) == 0 then redis.call('ZREM', registry_key('canceled', queue), id) end
end
return reply
