-- suspend.lua: no new jobs are started, of all queues (RQ's own key, rq/suspension.py) or of single ones.
-- ARGV     2 seconds, '' until it is resumed, 3.. queues; none: all workers
-- returns  {'suspended', was, …}: for each queue, or for all workers, '1' if it was suspended already;
--          {'unknown', queue}: there is no such queue; nothing was changed
-- O(queues given)
local function suspend(key)
  local was = redis.call('EXISTS', key)
  if ARGV[2] == '' then redis.call('SET', key, '1') else redis.call('SET', key, '1', 'EX', ARGV[2]) end
  return tostring(was)
end

if not ARGV[3] then return { 'suspended', suspend(P .. ':suspended') } end
for i = 3, #ARGV do
  if not is_known_queue(ARGV[i]) then return { 'unknown', ARGV[i] } end
end
local reply = { 'suspended' }
for i = 3, #ARGV do
  -- One that only its workers know is to be seen in `info`, too.
  redis.call('SADD', P .. ':queues', queue_key(ARGV[i]))
  reply[#reply + 1] = suspend(suspended_key(ARGV[i]))
end
return reply
