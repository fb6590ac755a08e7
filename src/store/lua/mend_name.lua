-- mend_name.lua: members of the sets that name queues, workers and groups, put right as things stand now.
-- ARGV     2 set: queues, workers, workers:<queue>, worker (a hash that no set names) or groups, 3 member: for queues and workers a full key,
--          4 of a group the id of a job, '' for the group itself
-- returns  {'mended', what was done}, {'fine'} or {'blocked', key}: that key holds something of another type
-- O(queues of a worker)
local set, member = ARGV[2], ARGV[3]
local function type_of(key) return redis.call('TYPE', key).ok end
local function is_set(key)
  local type = type_of(key)
  return type == 'set' or type == 'none'
end
if set ~= 'worker' and not is_set(P .. ':' .. set) then return { 'blocked', P .. ':' .. set } end

if set == 'queues' then
  local start = queue_key('')
  if member:sub(1, #start) ~= start then
    if redis.call('SREM', P .. ':queues', member) == 0 then return { 'fine' } end
    if redis.call('EXISTS', queue_key(member)) == 0 then return { 'mended', 'taken out' } end
    redis.call('SADD', P .. ':queues', queue_key(member))
    return { 'mended', 'written as RQ writes it' }
  end
  local queue = member:sub(#start + 1)
  local count = redis.call('EXISTS', member, P .. ':rqt:suspended:' .. queue)
  for _, registry in ipairs({ 'wip', 'finished', 'failed', 'deferred', 'scheduled', 'canceled' }) do
    count = count + redis.call('EXISTS', registry_key(registry, queue))
  end
  if count == 0 or redis.call('SADD', P .. ':queues', member) == 0 then return { 'fine' } end
  return { 'mended', 'listed among the queues' }
end

if set == 'groups' then
  local members = P .. ':group:' .. member
  if not is_set(members) then return { 'blocked', members } end
  local id, gone = ARGV[4], 0
  if id ~= '' and redis.call('EXISTS', job_key(id)) == 0 then gone = redis.call('SREM', members, id) end
  if redis.call('EXISTS', members) == 0 then
    local removed = redis.call('SREM', P .. ':groups', member)
    return gone + removed > 0 and { 'mended', 'taken out' } or { 'fine' }
  end
  if redis.call('SADD', P .. ':groups', member) == 1 then return { 'mended', 'listed among the groups' } end
  return gone > 0 and { 'mended', 'taken out' } or { 'fine' }
end

local worker_type = type_of(member)
if worker_type ~= 'hash' and worker_type ~= 'none' then return { 'blocked', member } end
if set ~= 'worker' then
  local is_worker = member:sub(1, #worker_key('')) == worker_key('') and worker_type == 'hash'
  if is_worker or redis.call('SREM', P .. ':' .. set, member) == 0 then return { 'fine' } end
  return { 'mended', 'taken out' }
end

local fields = redis.call('HMGET', member, 'birth', 'death', 'queues')
if worker_type == 'none' then return { 'fine' } end
if not fields[1] then
  redis.call('UNLINK', member)
  return { 'mended', 'removed: it was never registered' }
end
local mended = 0
-- Python's readers of the list of workers end at one that they cannot read.
if not is_stamp(fields[1]) then
  redis.call('HSET', member, 'birth', stamp())
  mended = 1
end
if redis.call('PTTL', member) == -1 then mended = mended + redis.call('EXPIRE', member, fields[2] and 60 or 480) end
if not fields[2] then
  if not is_set(P .. ':workers') then return { 'blocked', P .. ':workers' } end
  mended = mended + redis.call('SADD', P .. ':workers', member)
  for queue in (fields[3] or ''):gmatch('[^,]+') do
    local key = P .. ':workers:' .. queue
    if is_set(key) then mended = mended + redis.call('SADD', key, member) end
  end
end
return mended > 0 and { 'mended', 'registered as it says of itself' } or { 'fine' }
