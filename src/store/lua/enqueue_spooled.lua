-- enqueue_spooled.lua: puts jobs on one queue as enqueue.lua does, unless these were before: a file of the spool may be sent twice.
-- ARGV     as enqueue.lua, then the file's token
-- returns  as enqueue.lua; {'enqueued', 0, ''} when it was done before
-- O(jobs * parents)
local sent = P .. ':rqt:spooled:' .. table.remove(ARGV)
if redis.call('EXISTS', sent) == 1 then return { 'enqueued', 0, '' } end
local reply = enqueue_jobs()
-- A file whose sender died before it could remove it is sent again by the next command: within a month.
if reply[1] == 'enqueued' then redis.call('SET', sent, 1, 'EX', 2592000) end
return reply
