-- resume.lua: new jobs are started again, of all queues (RQ's own key, rq/suspension.py) or of single ones.
-- ARGV     2.. queues; none: all workers
-- returns  {'resumed', number, was, …, still, …}: for each queue, or for all workers, '1' if it was suspended; then what is suspended still and
--          keeps jobs of these from being started: queues, or '' for all workers;
--          {'unknown', queue}: there is no such queue; nothing was changed
-- O(queues given), O(all queues) for all workers
local reply = { 'resumed', math.max(#ARGV - 1, 1) }
local function tell_if_due(queue)
  if redis.call('EXISTS', callbacks_key(queue)) == 1 then tell_workers({ queue = queue }) end
end
if not ARGV[2] then
  reply[3] = tostring(redis.call('DEL', P .. ':suspended'))
  local start = queue_key('')
  for _, key in ipairs(redis.call('SMEMBERS', P .. ':queues')) do
    local queue = key:sub(#start + 1)
    if redis.call('EXISTS', suspended_key(queue)) == 1 then reply[#reply + 1] = queue else tell_if_due(queue) end
  end
  return reply
end
for i = 2, #ARGV do
  if redis.call('EXISTS', suspended_key(ARGV[i])) == 0 and not is_known_queue(ARGV[i]) then return { 'unknown', ARGV[i] } end
end
for i = 2, #ARGV do
  reply[#reply + 1] = tostring(redis.call('DEL', suspended_key(ARGV[i])))
  tell_if_due(ARGV[i])
end
if redis.call('EXISTS', P .. ':suspended') == 1 then reply[#reply + 1] = '' end
return reply
