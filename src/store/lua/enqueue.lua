-- enqueue.lua: puts jobs on one queue, on its schedule, or among the deferred until their parents have finished.
-- ARGV     2 queue, 3 '1' at the front, 4 '1' when ids may be in use already, 5 ttl in ms or '', 6 due in epoch ms or '',
--          7 ms from now until due or '', 8 group or '', 9 what a bad end of a parent means: 'cancel', 'wait' or 'allow',
--          10 '' or 'queue id:execution number', an execution that must hold its lease: it enqueues a child, for the number-th time,
--          11 the number of jobs that the queue may hold or '', 12 number of parents, then those, then the number of shared field
--          values, then those (name, value …), then the number of terms of once.lua, then those (with them there is one job), then
--          the jobs: id, data, description; three at a time
-- returns  {'enqueued', number, depth, id, state, …}: how many were taken in; how many jobs the queue holds when that kept the rest from
--          being enqueued, else ''; then each id whose job is still unfinished, with its state; that one was not touched (a finished,
--          failed, stopped or canceled job of the same id is replaced). A state of the form 'canceled by <parent>': the job was taken
--          in and is canceled, since that parent has ended badly.
--          Neither counted nor named: a child that an attempt of the same job has enqueued and that is unfinished; it is left as it is.
--          Nor is one that was sent twice under the same number, since the connection was lost before the answer came.
--          {'lost'}: that lease is lost; nothing was enqueued.
--          {'circle', id, parent}: the parent waits, directly or not, for a job of this id; nothing was enqueued.
--          {'held', id, state or ''}: the slot has this job, or had to be left to it; nothing was enqueued.
--          {'moved'}: the slot that was given is not the present one; nothing was enqueued.
--          {'wrong-type', key}: that key holds something else; nothing was enqueued.
--          {'stopping', queue, worker, execution}: the job of this id is replaced as soon as it has stopped; nothing was enqueued yet.
-- O(jobs * parents)
local queue, at_front, ids_in_use, group, on_bad_end = ARGV[2], ARGV[3] == '1', ARGV[4] == '1', ARGV[8], ARGV[9]
local max_depth = tonumber(ARGV[11])
local position = 12

local holder_queue, holder, request = ARGV[10]:match('^(.*) (.*) (.*)$')
local done_requests
if holder then
  local id, execution = holder:match('^([^:]*):?(.*)$')
  if not holds_lease(id, execution, holder_queue) then return { 'lost' } end
  done_requests = execution_key(id, execution)
  if redis.call('HEXISTS', done_requests, 'rqt_done:' .. request) == 1 then return { 'enqueued', 1, '' } end
end

-- The next counted part of ARGV.
local function take_list()
  local count = tonumber(ARGV[position])
  local list = {}
  for i = 1, count do list[i] = ARGV[position + i] end
  position = position + count + 1
  return list
end
local parents, shared = take_list(), take_list()
local once = read_once(take_list())

local due = tonumber(ARGV[6]) or (ARGV[7] ~= '' and NOW_MS + tonumber(ARGV[7])) or nil
if due and due <= NOW_MS then due = nil end

-- Parents that are to be waited for, and the first one that has ended so that no child may run.
local pending, bad_parent, bad_status = {}, nil, nil
for _, parent in ipairs(parents) do
  local status = redis.call('HGET', job_key(parent), 'status')
  if status and status ~= 'finished' and not (on_bad_end == 'allow' and is_bad_end(status)) then
    pending[#pending + 1] = parent
    if on_bad_end == 'cancel' and is_bad_end(status) and not bad_parent then bad_parent, bad_status = parent, status end
  end
end

local now = stamp()
local state = bad_parent and 'canceled' or (due and 'scheduled') or (#pending > 0 and 'deferred') or 'queued'
local expires = state == 'queued' and ARGV[5] ~= '' and NOW_MS + tonumber(ARGV[5]) or nil
local fields = {
  'status', state, 'created_at', now, 'origin', queue, 'started_at', '', 'ended_at', '', 'last_heartbeat', '', 'worker_name', '', 'group_id', group,
}
local function add(name, value)
  fields[#fields + 1] = name
  fields[#fields + 1] = value
end
if state == 'queued' then add('enqueued_at', now) end
if expires then add('rqt_expires', expires) end
if holder then add('rqt_enqueued_by', holder) end
if bad_parent then
  add('rqt_reason', 'its parent ' .. bad_parent .. ENDINGS[bad_status])
  add('rqt_canceled_at', NOW_MS)
  add('rqt_canceled_by', bad_parent)
  if due then add('rqt_due', math.ceil(due / 1000)) end
end
for i = 1, #shared do fields[#fields + 1] = shared[i] end

-- Else a job would be in no place. What a later step finds so is told, and mended by fsck.
local REGISTRY = REGISTRY_OF[state]
local wrong = first_wrong({ P .. ':queues', 'set', queue_key(queue), 'list', REGISTRY and registry_key(REGISTRY, queue) or EXPIRING, 'zset' })
if wrong then return { 'wrong-type', wrong } end
for i = ids_in_use and position or #ARGV + 1, #ARGV, 3 do
  wrong = first_wrong({ job_key(ARGV[i]), 'hash' })
  if wrong then return { 'wrong-type', wrong } end
end

-- The parent that waits, directly or not, for a job of this id; nil when there is none. Only an id with children can be in a circle.
local function circle_through(id)
  local is_parent, seen, open = {}, { [id] = true }, { id }
  for _, parent in ipairs(pending) do is_parent[parent] = true end
  if is_parent[id] then return id end
  while #open > 0 do
    for _, child in ipairs(redis.call('SMEMBERS', dependents_key(table.remove(open)))) do
      if is_parent[child] then return child end
      if not seen[child] then
        seen[child] = true
        open[#open + 1] = child
      end
    end
  end
  return nil
end

-- Whether the job that enqueues now has enqueued this one, in this attempt or another: it is what was asked for.
local function is_own_child(id)
  local by = holder and redis.call('HGET', job_key(id), 'rqt_enqueued_by')
  return by and by:match('^[^:]*') == holder:match('^[^:]*')
end

-- Puts a new job, whose hash is written, to where it is to wait.
local function place(id)
  for _, parent in ipairs(parents) do note_child(id, parent) end
  for _, parent in ipairs(pending) do wait_for(id, parent) end
  if state == 'canceled' then
    local ttl = failure_ttl(id)
    if ttl == 0 then return delete_job(id, queue, 'canceled', true) end
    redis.call('ZADD', registry_key('canceled', queue), NOW, id)
    keep_for(id, ttl)
  elseif state == 'scheduled' then
    redis.call('ZADD', registry_key('scheduled', queue), math.ceil(due / 1000), id)
  elseif state == 'deferred' then
    redis.call('ZADD', registry_key('deferred', queue), NOW, id)
  elseif expires then
    redis.call('ZADD', EXPIRING, math.ceil(expires / 1000), id)
  end
  if group ~= '' then
    redis.call('SADD', P .. ':groups', group)
    redis.call('SADD', P .. ':group:' .. group, id)
  end
end

if #pending > 0 and ids_in_use then
  for i = position, #ARGV, 3 do
    local parent = not in_the_way(ARGV[i]) and circle_through(ARGV[i])
    if parent then return { 'circle', ARGV[i], parent } end
  end
end

local depth = max_depth and redis.call('LLEN', queue_key(queue)) or 0

if once then
  -- A chosen id is that of every slot, whoever enqueued the job that has it now.
  local last = ids_in_use and ARGV[position] or once.last
  if not once.is_now then return { 'moved' } end
  if once.is_taken then return { 'held', once.last, redis.call('HGET', job_key(once.last), 'status') or '' } end
  local last_state = last and in_the_way(last)
  if is_skipped(last_state, once.overlap) then
    take_slot(once, last)
    return { 'held', last, last_state }
  end
  if last_state and once.overlap == 'replace' then
    -- Its place is free for the new one.
    if max_depth and last_state == 'queued' and redis.call('HGET', job_key(last), 'origin') == queue then max_depth = max_depth + 1 end
    if max_depth and depth >= max_depth then return { 'enqueued', 0, depth } end
    local stopping = make_way(last, last_state, 'replaced by job ' .. ARGV[position], once.exc_string)
    if stopping and last == ARGV[position] then return stopping end
  end
end

local reply, pushed, taken = { 'enqueued', 0, '' }, {}, 0
for i = position, #ARGV, 3 do
  local id = ARGV[i]
  local unfinished = ids_in_use and in_the_way(id)
  if unfinished then
    if not is_own_child(id) then
      reply[#reply + 1] = id
      reply[#reply + 1] = unfinished
    end
  elseif max_depth and depth + #pushed >= max_depth then
    reply[3] = depth + #pushed
    break
  else
    if ids_in_use then
      local old = redis.call('HMGET', job_key(id), 'status', 'origin')
      if old[1] then delete_job(id, old[2] or queue, old[1], true) end
    end
    redis.call('HSET', job_key(id), 'data', ARGV[i + 1], 'description', ARGV[i + 2], unpack(fields))
    place(id)
    taken = taken + 1
    if state == 'queued' then pushed[#pushed + 1] = id end
    if once then take_slot(once, id) end
    if bad_parent then
      reply[#reply + 1] = id
      reply[#reply + 1] = 'canceled by ' .. bad_parent
    end
    -- Children of a job that this one replaces wait for this one.
    if ids_in_use then release_dependents(id) end
  end
end
reply[2] = taken
if taken > 0 then
  redis.call('SADD', P .. ':queues', queue_key(queue))
  -- It goes with the execution. Where there is no hash, none is made, as nothing would remove it.
  if done_requests and redis.call('EXISTS', done_requests) == 1 then redis.call('HSET', done_requests, 'rqt_done:' .. request, 1) end
end
if #pushed > 0 then redis.call(at_front and 'LPUSH' or 'RPUSH', queue_key(queue), unpack(pushed)) end
return reply
