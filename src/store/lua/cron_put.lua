-- cron_put.lua: makes or changes entries of the timetable, all of them or none.
-- ARGV     2 'add' (an entry of this name must not be another one), 'replace', 'apply' (these are all: others are removed) or 'plan' (as 'apply', but
--          nothing is changed), 3.. entries: name, next slot in epoch ms, then the values of DEFINITION; fifteen at a time
-- returns  {'put', name, outcome, …}: 'added', 'same', 'changed' or 'removed'; {'exists', name}: another entry has this name; nothing was changed; {'wrong-type', key}: nor then
-- O(entries)
local mode, WIDTH = ARGV[2], #DEFINITION + 2
local wrong = first_wrong({ CRON, 'zset' })
for at = 3, #ARGV, WIDTH do wrong = wrong or first_wrong({ cron_key(ARGV[at]), 'hash' }) end
if wrong then return { 'wrong-type', wrong } end

-- Whether an entry is what these values say; as what flags were typed does not matter.
local function is_same(name, at)
  local known = redis.call('HMGET', cron_key(name), unpack(DEFINITION))
  for i = 1, #DEFINITION - 1 do
    if known[i] ~= ARGV[at + i + 1] then return false end
  end
  return true
end

local reply, wanted, changes = { 'put' }, {}, {}
for at = 3, #ARGV, WIDTH do
  local name = ARGV[at]
  local outcome = redis.call('EXISTS', cron_key(name)) == 0 and 'added' or is_same(name, at) and 'same' or 'changed'
  if outcome == 'changed' and mode == 'add' then return { 'exists', name } end
  wanted[name] = true
  reply[#reply + 1] = name
  reply[#reply + 1] = outcome
  changes[#changes + 1] = { at = at, name = name, outcome = outcome }
end
local removed = {}
if mode == 'apply' or mode == 'plan' then
  for _, name in ipairs(redis.call('ZRANGE', CRON, 0, -1)) do
    if not wanted[name] then
      removed[#removed + 1] = name
      reply[#reply + 1] = name
      reply[#reply + 1] = 'removed'
    end
  end
end
if mode == 'plan' then return reply end

for _, name in ipairs(removed) do
  redis.call('UNLINK', cron_key(name))
  redis.call('ZREM', CRON, name)
end
for _, change in ipairs(changes) do
  local key, at = cron_key(change.name), change.at
  if change.outcome ~= 'same' then
    local before = redis.call('HMGET', key, 'expression', 'zone', 'paused')
    local values = {}
    for i = 1, #DEFINITION do
      values[#values + 1] = DEFINITION[i]
      values[#values + 1] = ARGV[at + i + 1]
    end
    redis.call('HSET', key, unpack(values))
    -- One that fires at the same times goes on where it is.
    if before[3] ~= '1' and (before[1] ~= ARGV[at + 2] or before[2] ~= ARGV[at + 3]) then set_next(change.name, ARGV[at + 1]) end
  end
end
tell_workers()
return reply
