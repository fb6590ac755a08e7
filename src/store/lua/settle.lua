-- settle.lua: ends an execution with what it left and, on the hot path, claims the next job in the same round trip.
-- ARGV     2 kind (finished, failed, stopped), 3 id, 4 execution, 5 queue, 6 worker, 7 default result_ttl in seconds,
--          8 return_value (base64 JSON or ''), 9 exc_string (base64 zlib or ''), 10 note or '',
--          11 next execution id ('' claims nothing), 12 lease in seconds, 13 exit status of the command that failed the job or '',
--          14 which callback was cut short and is left to another worker (success, failure or stopped) or '',
--          15 number of output values, then those (as keep_output() takes them), then the queues to claim from
-- returns  {outcome, number, number, claim's reply...}: what settle() returned (0 where it has no number), then claim()'s reply or 'unclaimed'
-- O(children, 200 at the most) beside the claim
local chunks, queues = {}, {}
local outputs = tonumber(ARGV[15])
for i = 16, 15 + outputs do chunks[#chunks + 1] = ARGV[i] end
for i = 16 + outputs, #ARGV do queues[#queues + 1] = ARGV[i] end
local settled = settle({
  kind = ARGV[2], id = ARGV[3], execution = ARGV[4], queue = ARGV[5], worker = ARGV[6], default_result_ttl = ARGV[7],
  return_value = ARGV[8], exc_string = ARGV[9], note = ARGV[10], rqt_exit_status = ARGV[13], callback_due = ARGV[14], chunks = chunks,
})
if ARGV[11] == '' then
  rest(ARGV[6], 'idle')
  return { settled[1], settled[2], settled[3] or 0, 'unclaimed' }
end
local next_ = claim({ worker = ARGV[6], execution = ARGV[11], lease = tonumber(ARGV[12]), queues = queues })
if next_[1] ~= 'claimed' then rest(ARGV[6], next_[1] == 'suspended' and 'suspended' or 'idle') end
return { settled[1], settled[2], settled[3] or 0, unpack(next_) }
