-- end_callback.lua: ends an execution that ran the callback of a job which had ended without its worker.
-- ARGV     2 worker, 3 id, 4 execution, 5 queue, 6 'ran', or 'again': it was cut short and is still due, 7 why it failed or '',
--          8.. output, as keep_output() takes it
-- returns  {'ended'} or {'lost'}: the lease was lost, or it was ended before; nothing was changed
-- O(chunks, and children, 200 at the most, of a job that is not kept)
local worker, id, execution, queue = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
rest(worker, 'idle')
local held, is_gone = end_lease(id, execution, queue), clear_gone(id)
if not held or is_gone then return { 'lost' } end
local chunks = {}
for i = 8, #ARGV do chunks[#chunks + 1] = ARGV[i] end
keep_output(id, execution, chunks)
if ARGV[6] == 'again' then
  redis.call('HINCRBY', job_key(id), 'rqt_callback_tries', -1)
  owe_callback_again(id, queue)
  return { 'ended' }
end
if ARGV[7] ~= '' then redis.call('HSET', job_key(id), 'rqt_callback_error', ARGV[7]) end
close_callback(id, queue)
return { 'ended' }
