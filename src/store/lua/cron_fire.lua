-- cron_fire.lua: fires slots of an entry and moves it on to its next one, in one step: whoever comes second finds it moved on.
-- ARGV     2 name, 3 next slot, 4 expression, 5 zone, 6 catch_up: the entry as it was seen, 7 its next slot from now on, in epoch ms,
--          8 how many of the slots that passed were missed, 9 the last of those or '', 10 how many of those are fired here,
--          11 exc_string for a job that is replaced and whose worker is gone,
--          12.. slots to fire: epoch ms, job id, further fields as a JSON list or ''; three at a time
-- returns  {'fired', queue, how many slots were left out because of the entry's overlap, the last job that was in the way or '', ids of
--          the jobs that were enqueued, …}: one whose job there was already is not among them;
--          {'damaged'}: a part of the entry is missing or cannot be read; nothing was changed;
--          {'late'}: another worker was first, or the entry is another one now; nothing was changed, nor with {'wrong-type', key}
-- O(slots); with `replace` also the length of the queue for each
local name = ARGV[2]
local seen = redis.call('HMGET', cron_key(name), 'next', 'expression', 'zone', 'catch_up', 'queue')
for i = 1, 4 do
  if seen[i] ~= ARGV[i + 2] then return { 'late' } end
end
local definition = redis.call('HMGET', cron_key(name), 'queue', 'data', 'fields', 'at_front', 'ttl', 'group', 'description')
local is_readable, list = pcall(cjson.decode, definition[3] or '')
for i = 1, 7 do is_readable = is_readable and definition[i] end
if not is_readable or type(list) ~= 'table' then return { 'damaged' } end
local wrong = first_wrong({ queue_key(seen[5]), 'list', P .. ':queues', 'set' })
if wrong then return { 'wrong-type', wrong } end
local reply, last = { 'fired', seen[5], 0, '' }, nil
for i = 12, #ARGV, 3 do
  local id = ARGV[i + 1]
  local in_way = redis.call('EXISTS', job_key(id)) == 0 and give_way(name, id, ARGV[11])
  if in_way then
    reply[3], reply[4] = reply[3] + 1, in_way
  elseif enqueue_for(name, id, ARGV[i], ARGV[i + 2]) then
    reply[#reply + 1] = id
  end
  last = ARGV[i]
end
if last then redis.call('HSET', cron_key(name), 'last', last) end
if ARGV[9] ~= '' then
  redis.call('HSET', cron_key(name), 'missed', ARGV[9], 'missed_count', ARGV[8], 'missed_fired', ARGV[10])
end
set_next(name, ARGV[7])
return reply
