-- output.lua: keeps what a running job has written so far, while it holds its lease.
-- ARGV     2 id, 3 execution, 4 queue, then what keep_output() takes
-- returns  {'kept', the new entries' ids} or {'lost'}
-- O(chunks)
local id, execution, queue = ARGV[2], ARGV[3], ARGV[4]
if not holds_lease(id, execution, queue) then return { 'lost' } end
local chunks = {}
for i = 5, #ARGV do chunks[#chunks + 1] = ARGV[i] end
return { 'kept', unpack(keep_output(id, execution, chunks)) }
