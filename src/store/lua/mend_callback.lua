-- mend_callback.lua: an id among those whose callback is to be run that does not belong there, as its job stands now, is taken out; a job that owes
-- one all the same is listed with its own queue.
-- ARGV     2 queue, 3 id
-- returns  {'mended', what was done}, {'fine'}: it belongs there, or is gone, or {'blocked', key}: that key holds something of another type
-- O(callbacks that are due there)
local queue, id = ARGV[2], ARGV[3]
local wrong = wrong_key(queue, id)
if wrong then return { 'blocked', wrong } end
local key = callbacks_key(queue)
local count = #redis.call('LPOS', key, id, 'COUNT', 0)
if count == 0 then return { 'fine' } end
local fields = redis.call('HMGET', job_key(id), 'status', 'origin', 'rqt_callback_due')
local status, origin, due = fields[1], present(fields[2]) or queue, fields[3]
wrong = wrong_key(origin, id)
if wrong then return { 'blocked', wrong } end

if due and callback_fits(status, due) and origin == queue then
  if count == 1 then return { 'fine' } end
  redis.call('LREM', key, 1 - count, id)
  return { 'mended', 'left there once' }
end
redis.call('LREM', key, 0, id)
if not due then return { 'mended', 'taken out' } end
if not callback_fits(status, due) then
  close_callback(id, origin)
  return { 'mended', 'taken out: the callback counts no more' }
end
return { 'mended', list_owed_callback(id, origin) and 'listed with its own queue' or 'taken out: it is with its own queue' }
