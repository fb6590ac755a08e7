-- live.lua: hands what a running job writes to those who wait for it: all of it, for a minute. Entries are as in its output.
-- ARGV     2 id, 3 execution, 4 queue, 5 ids of entries that make room, joined by spaces, then stream (1 stdout, 2 stderr), offset, bytes; three at a time
-- returns  {'kept', the new entries' ids} or {'lost'}: it does not hold its lease
-- O(chunks)
local id, execution, queue = ARGV[2], ARGV[3], ARGV[4]
if not holds_lease(id, execution, queue) then return { 'lost' } end
local ids = { 'kept' }
for i = 6, #ARGV, 3 do
  ids[#ids + 1] = append(live_key(id), '*', 'x', execution, 's', ARGV[i], 'o', ARGV[i + 1], 't', ARGV[i + 2])
end
for dropped in ARGV[5]:gmatch('%S+') do redis.call('XDEL', live_key(id), dropped) end
redis.call('EXPIRE', live_key(id), KEPT_FOR_WAITING)
return ids
