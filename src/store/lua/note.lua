-- note.lua: writes fields of a running job (its meta, its progress, what a callback came to), while the execution holds its lease.
-- ARGV     2 id, 3 execution, 4 queue, then fields (name, value …)
-- returns  {'noted'} or {'lost'}
-- O(fields)
local id, execution, queue = ARGV[2], ARGV[3], ARGV[4]
if not holds_lease(id, execution, queue) or redis.call('EXISTS', job_key(id)) == 0 then return { 'lost' } end
redis.call('HSET', job_key(id), unpack(ARGV, 5))
return { 'noted' }
