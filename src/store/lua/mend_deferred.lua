-- mend_deferred.lua: a deferred job whose parents cannot release it any more goes on as they have ended; what binds it to those that can is
-- made anew.
-- ARGV     2 id, 3 queue
-- returns  {'mended', what was done}, {'fine'} or {'blocked', key}: that key holds something of another type
-- O(parents + children, 200 at the most)
local id, queue = ARGV[2], ARGV[3]
local wrong = wrong_key(queue, id)
if wrong then return { 'blocked', wrong } end
local fields = redis.call('HMGET', job_key(id), 'status', 'origin')
if fields[1] ~= 'deferred' or fields[2] ~= queue then return { 'fine' } end
local bound = bind_to_parents(id)
look_at_deferred(id, queue)
release_step()
local status = redis.call('HGET', job_key(id), 'status')
if status == 'queued' then return { 'mended', 'put on its queue' } end
if status ~= 'deferred' then return { 'mended', status or 'canceled' } end
return bound > 0 and { 'mended', 'bound to its parent again' } or { 'fine' }
