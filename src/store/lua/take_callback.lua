-- take_callback.lua: takes a job that has ended and whose callback is due, to run that under a lease: its worker died, or was stopped at once. The
-- job stays as it ended.
-- ARGV     2 worker, 3 execution id to use, 4 lease in seconds, 5.. queues in order of priority
-- returns  {'none'}, {'given-up', queue, id, why}: that one is not tried any more, or what claim() replies for the job, behind that 'success',
--          'failure' or 'stopped', and the return_value or exc_string of its last result or ''
-- O(queues + ids of which none is due any more, 1000 at the most)
local request = { worker = ARGV[2], execution = ARGV[3], lease = tonumber(ARGV[4]) }
-- A callback that kills its workers is given up.
local MOST_TRIES = 3

local function last_result(id, name)
  local newest = redis.call('XREVRANGE', results_key(id), '+', '-', 'COUNT', 1)[1]
  local fields = newest and newest[2] or {}
  for i = 1, #fields, 2 do
    if fields[i] == name then return fields[i + 1] end
  end
  return ''
end

local function reply_for(queue, id)
  local fields = redis.call('HMGET', job_key(id), unpack(CLAIM_FIELDS))
  local reply = claimed_reply(queue, id, request.execution, fields, whole(fields[5], 1))
  local on = redis.call('HGET', job_key(id), 'rqt_callback_due') or ''
  reply[#reply + 1] = on
  reply[#reply + 1] = last_result(id, on == 'success' and 'return_value' or 'exc_string')
  return reply
end

local known = redis.call('HMGET', worker_key(request.worker), 'birth', 'rqt_claim')
if not known[1] or redis.call('EXISTS', P .. ':suspended') == 1 then return { 'none' } end
local taken_queue, taken_id = claimed_before(request.execution, known[2])
if taken_id then return reply_for(taken_queue, taken_id) end

local function give_up(queue, id, on)
  local name = redis.call('HGET', job_key(id), on .. '_callback_name') or ''
  local why = 'the on-' .. on .. ' callback ' .. name .. ' failed: its worker died each of the ' .. MOST_TRIES .. ' times that it was run'
  redis.call('HSET', job_key(id), 'rqt_callback_error', why)
  close_callback(id, queue)
  return { 'given-up', queue, id, why }
end

local skips = 0
for i = 5, #ARGV do
  local queue = ARGV[i]
  local is_suspended = redis.call('EXISTS', P .. ':rqt:suspended:' .. queue) == 1
  while not is_suspended and skips < CLAIM_SKIPS do
    local id = redis.call('LPOP', callbacks_key(queue))
    if not id then break end
    local due = redis.call('HMGET', job_key(id), 'status', 'rqt_callback_due', 'rqt_callback_tries')
    local tries = whole(due[3], 0) + 1
    if due[2] and not callback_fits(due[1], due[2]) then
      close_callback(id, queue)
    elseif due[2] and tries > MOST_TRIES then
      return give_up(queue, id, due[2])
    elseif due[2] then
      if not begin_execution(queue, id, request) then
        redis.call('LPUSH', callbacks_key(queue), id)
        break
      end
      redis.call('HSET', job_key(id), 'rqt_callback_tries', tries)
      return reply_for(queue, id)
    end
    skips = skips + 1
  end
end
return { 'none' }
