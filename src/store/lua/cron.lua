-- cron.lua: the entries of `rqt cron` and the jobs that they make. Put behind overlap.lua.
-- <prefix>:rqt:cron         ZSET of all entries' names, by the next slot in epoch milliseconds; +inf for one that is paused
-- <prefix>:rqt:cron:<name>  HASH: its definition, and paused ('1'), next, last (slots in epoch ms), last_job, missed, missed_count, missed_fired
local CRON = P .. ':rqt:cron'
local function cron_key(name) return CRON .. ':' .. name end

-- What an entry is: the values that make it, in the order in which scripts are given them. zone: IANA name; catch_up: all, last or none; overlap: skip, queue or replace; at_front:
-- '1' or ''; ttl: ms or ''; data: the payload; fields: a JSON list of further fields of its jobs; retry: how waits vary, JSON or ''; flags: as typed.
local DEFINITION = { 'expression', 'zone', 'catch_up', 'overlap', 'queue', 'at_front', 'ttl', 'group', 'data', 'description', 'fields', 'retry', 'flags' }

-- Tells the workers that something is due sooner than they may believe.
local function tell_workers() redis.call('PUBLISH', P .. ':pubsub:rqt:cron', '{"command":"cron"}') end

local function set_next(name, next)
  redis.call('HSET', cron_key(name), 'next', next)
  redis.call('ZADD', CRON, next == '' and '+inf' or next, name)
end

-- What the overlap of an entry says while its last job is unfinished: returns that job when the new one is to be left out because of it.
-- id: of the new job; exc_string: for one that is replaced and whose worker is gone.
local function give_way(name, id, exc_string)
  local fields = redis.call('HMGET', cron_key(name), 'last_job', 'overlap')
  local state = present(fields[1]) and in_the_way(fields[1])
  if is_skipped(state, fields[2]) then return fields[1] end
  if state and fields[2] == 'replace' then make_way(fields[1], state, 'replaced by job ' .. id, exc_string) end
  return nil
end

-- Enqueues a job of an entry, unless there is one of this id: then the slot was fired before. slot: epoch ms, or 'run' for one by hand.
-- more: a JSON list of fields that only this job has, or ''. Returns whether it did.
local function enqueue_for(name, id, slot, more)
  if redis.call('EXISTS', job_key(id)) == 1 then return false end
  local entry = redis.call('HMGET', cron_key(name), 'queue', 'at_front', 'ttl', 'group', 'data', 'description', 'fields')
  local queue, group = entry[1], entry[4]
  local fields = cjson.decode(entry[7])
  if more ~= '' then
    for _, value in ipairs(cjson.decode(more)) do fields[#fields + 1] = value end
  end
  redis.call('HSET', job_key(id), 'created_at', stamp(), 'origin', queue, 'started_at', '', 'ended_at', '', 'last_heartbeat', '',
    'worker_name', '', 'group_id', group, 'data', entry[5], 'description', entry[6], 'rqt_cron', name .. ' ' .. slot, unpack(fields))
  put_on_queue(id, queue, entry[2] == '1')
  if entry[3] ~= '' then
    local expires = NOW_MS + tonumber(entry[3])
    redis.call('HSET', job_key(id), 'rqt_expires', string.format('%d', expires))
    redis.call('ZADD', EXPIRING, math.ceil(expires / 1000), id)
  end
  if group ~= '' then
    redis.call('SADD', P .. ':groups', group)
    redis.call('SADD', P .. ':group:' .. group, id)
  end
  redis.call('HSET', cron_key(name), 'last_job', id)
  return true
end
