-- mending.lua: what the scripts of fsck share. Put behind endings.lua.

local KNOWN = {
  queued = true, started = true, finished = true, failed = true, stopped = true, canceled = true, deferred = true, scheduled = true,
}
-- States of Python's RQ that rqt does not write: a job in one of them is where its program wants it.
local FOREIGN = { created = true, rate_limited = true, ready_to_enqueue = true }
local REGISTRIES = { 'finished', 'failed', 'deferred', 'scheduled', 'canceled' }
-- RQ's default (rq/defaults.py), for a finished job that does not say how long it is to be kept.
local RESULT_TTL = 500

-- A time as RQ writes it.
local function is_stamp(text) return text:match('^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.?%d*Z$') end

local function intermediate_key(queue) return queue_key(queue) .. ':intermediate' end

-- A key of a queue, or of a job, that holds something of another type; nil when there is none. A script that would meet it half way
-- must not begin.
local function wrong_key(queue, id)
  local function is_wrong(key, type)
    local found = redis.call('TYPE', key).ok
    return found ~= 'none' and found ~= type
  end
  for _, key in ipairs({ queue_key(queue), intermediate_key(queue), callbacks_key(queue) }) do
    if is_wrong(key, 'list') then return key end
  end
  for _, name in ipairs({ 'wip', 'finished', 'failed', 'deferred', 'scheduled', 'canceled' }) do
    if is_wrong(registry_key(name, queue), 'zset') then return registry_key(name, queue) end
  end
  for _, key in ipairs({ P .. ':queues', P .. ':groups', dependents_key(id), dependencies_key(id), children_key(id) }) do
    if is_wrong(key, 'set') then return key end
  end
  for _, key in ipairs({ results_key(id), output_key(id) }) do
    if is_wrong(key, 'stream') then return key end
  end
  for _, key in ipairs({ job_key(id), RELEASING }) do
    if is_wrong(key, 'hash') then return key end
  end
  for _, key in ipairs({ executions_key(id), EXPIRING }) do
    if is_wrong(key, 'zset') then return key end
  end
  return nil
end

local function is_listed(id, key) return redis.call('LPOS', key, id) ~= false end

-- The entry of a queue's started registry that stands for a job, lapsed or not. O(jobs that run there)
local function lease_in(queue, id)
  for _, member in ipairs(redis.call('ZRANGE', registry_key('wip', queue), 0, -1)) do
    if member == id or member:sub(1, #id + 1) == id .. ':' then return member end
  end
  return nil
end

local function queue_names()
  local names = {}
  for i, member in ipairs(redis.call('SMEMBERS', P .. ':queues')) do names[i] = member:sub(#queue_key('') + 1) end
  return names
end

-- Whether a job has a lease: of its own queue, or of another one, on whose list somebody has put it. O(jobs that run)
local function has_lease(id, queue)
  if lease_in(queue, id) then return true end
  for _, name in ipairs(queue_names()) do
    if lease_in(name, id) then return true end
  end
  return false
end

-- Whether there are parents that a deferred job has to wait for; what binds it to them is made anew where it was lost.
local function bind_to_parents(id)
  local fields = redis.call('HMGET', job_key(id), 'allow_dependency_failures', 'dependency_ids')
  local parents = redis.call('SMEMBERS', dependencies_key(id))
  if #parents == 0 then
    local ok, ids = pcall(cjson.decode, fields[2] or '[]')
    if ok and type(ids) == 'table' then parents = ids end
  end
  local bound = 0
  for _, parent in ipairs(parents) do
    local status = type(parent) == 'string' and redis.call('HGET', job_key(parent), 'status')
    local is_met = not status or status == 'finished' or (fields[1] == '1' and is_bad_end(status))
    if not is_met and redis.call('SISMEMBER', dependents_key(parent), id) == 0 then
      wait_for(id, parent)
      bound = bound + 1
    elseif not is_met then
      redis.call('SADD', dependencies_key(id), parent)
    end
  end
  return bound
end

-- Notes a job that has ended in its registry, for the time that is left of it, else for as long as such a job is kept.
local function keep_ended(id, queue, status)
  local left = redis.call('PTTL', job_key(id))
  local ttl
  if left > 0 then
    ttl = math.ceil(left / 1000)
  else
    ttl = status == 'finished' and whole(redis.call('HGET', job_key(id), 'result_ttl'), RESULT_TTL) or failure_ttl(id)
    -- One that was not to be kept at all is kept for a while: it is the only trace of what happened.
    if ttl == 0 then ttl = RESULT_TTL end
    keep_for(id, ttl)
  end
  local score = NOW + ttl
  if status == 'canceled' then score = NOW elseif ttl < 0 then score = status == 'finished' and '+inf' or -1 end
  redis.call('ZADD', registry_key(REGISTRY_OF[status], queue), score, id)
end

-- Lists a job whose callback is due and that no worker would come to: none runs it, and it is not listed. Returns whether that was so.
local function list_owed_callback(id, queue)
  local fields = redis.call('HMGET', job_key(id), 'status', 'rqt_callback_due')
  local owes = fields[2] and callback_fits(fields[1], fields[2])
  if not owes or redis.call('ZCARD', executions_key(id)) > 0 or is_listed(id, callbacks_key(queue)) then return false end
  owe_callback_again(id, queue)
  return true
end

-- What lose_execution() did, for a person.
local function told_fate(fate)
  return fate and (fate[1] == 'queued' and 'put to the front of its queue' or fate[1]) .. ', as after a crash'
end

-- Puts a job to where its state says that it is. Returns what was done, nil when it is there. crash: see read_crash().
local function put_to_place(id, queue, crash)
  local status = redis.call('HGET', job_key(id), 'status')
  if not KNOWN[status] then return nil end
  if status == 'queued' then
    if is_listed(id, queue_key(queue)) or is_listed(id, intermediate_key(queue)) then return nil end
    put_back(id, queue)
    local expires = number(redis.call('HGET', job_key(id), 'rqt_expires'))
    if expires then redis.call('ZADD', EXPIRING, math.ceil(expires / 1000), id) end
    return 'put to the front of its queue'
  end
  if status == 'started' then
    if has_lease(id, queue) then return nil end
    return told_fate(lose_execution(id, '', queue, crash))
  end
  if redis.call('ZSCORE', registry_key(REGISTRY_OF[status], queue), id) then return nil end
  redis.call('SADD', P .. ':queues', queue_key(queue))
  if status == 'scheduled' then
    redis.call('ZADD', registry_key('scheduled', queue), NOW, id)
    return 'scheduled for now: when it was due is not known any more'
  end
  if status == 'deferred' then
    redis.call('ZADD', registry_key('deferred', queue), NOW, id)
    bind_to_parents(id)
    look_at_deferred(id, queue)
    return 'noted as deferred'
  end
  keep_ended(id, queue, status)
  return 'noted as ' .. status
end
