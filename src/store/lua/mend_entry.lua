-- mend_entry.lua: an id on a queue or in a registry that does not belong there, as its job stands now, is taken out; a job that is then in no
-- place is put to its own.
-- ARGV     2 place: queue, intermediate, finished, failed, deferred, scheduled or canceled, 3 queue, 4 id,
--          5 to 8 see read_crash(), 9 seconds after which an entry that is over its time counts as forgotten
-- returns  {'mended', what was done}, {'fine'}: it belongs there, or is gone, or {'blocked', key}: that key holds something of another type
-- O(length of the queue) for a queue, O(jobs that run) else
local place, queue, id = ARGV[2], ARGV[3], ARGV[4]
local crash = read_crash(5)
local wrong = wrong_key(queue, id)
if wrong then return { 'blocked', wrong } end
local fields = redis.call('HMGET', job_key(id), 'status', 'origin', 'repeats_left')
local status, origin = fields[1], present(fields[2])
wrong = origin and wrong_key(origin, id)
if wrong then return { 'blocked', wrong } end

local function to_its_place(done)
  return { 'mended', origin and KNOWN[status] and put_to_place(id, origin, crash) or done }
end

if place == 'queue' then
  local key = queue_key(queue)
  local count = #redis.call('LPOS', key, id, 'COUNT', 0)
  if count == 0 then return { 'fine' } end
  if status == 'created' then
    -- Python's worker would run it, rqt's would drop it: somebody wants it to run.
    redis.call('HSET', job_key(id), 'status', 'queued')
    status = 'queued'
    if count == 1 and origin == queue then return { 'mended', 'marked as queued' } end
  end
  if status ~= 'queued' and not FOREIGN[status] then
    redis.call('LREM', key, 0, id)
    return to_its_place('taken off the queue')
  end
  if origin and origin ~= queue then
    redis.call('LREM', key, 0, id)
    return to_its_place('taken off the queue: it is on its own')
  end
  if count == 1 then return { 'fine' } end
  redis.call('LREM', key, 1 - count, id)
  return { 'mended', 'left on the queue once' }
end

if place == 'intermediate' then
  if redis.call('LREM', intermediate_key(queue), 0, id) == 0 then return { 'fine' } end
  return to_its_place('taken out')
end

local registry = registry_key(place, queue)
local score = tonumber(redis.call('ZSCORE', registry, id) or '')
if not score then return { 'fine' } end
if status and REGISTRY_OF[status] == place and (origin == nil or origin == queue) then
  local is_timed = place == 'finished' or place == 'failed'
  if not is_timed or score < 0 or score > NOW - tonumber(ARGV[9]) then return { 'fine' } end
  redis.call('ZREM', registry, id)
  keep_ended(id, queue, status)
  return { 'mended', 'kept for its time once more: its time was over, but Redis was never told to forget it' }
end
-- RQ leaves a job that is repeated among the finished, whatever becomes of it next.
if status and place == 'finished' and present(fields[3]) and origin == queue then return { 'fine' } end
redis.call('ZREM', registry, id)
return to_its_place('taken out')
