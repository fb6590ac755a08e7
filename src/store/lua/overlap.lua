-- overlap.lua: what becomes of a new job while an earlier one is unfinished. Put behind stopping.lua.

local ENDED = { finished = true, failed = true, stopped = true, canceled = true }
local WAITS = { queued = true, deferred = true, scheduled = true, created = true }

-- The state of an unfinished job of this id, or nil. A state that only later versions of RQ know counts as unfinished.
local function in_the_way(id)
  local status = redis.call('HGET', job_key(id), 'status')
  if status and not ENDED[status] then return status end
  return nil
end

-- Whether a new job is to be left out because of an earlier one in this state (nil: it has ended). overlap: 'skip', 'queue' or 'replace'.
local function is_skipped(state, overlap)
  if not state or overlap == 'queue' then return false end
  return overlap ~= 'replace' or not (WAITS[state] or state == 'started')
end

-- Ends an unfinished job in favour of a new one: a waiting one is canceled for this reason, a running one is asked to stop.
-- Returns what stop_started() returned when it still runs, else nil.
local function make_way(id, state, reason, exc_string)
  local fields = redis.call('HMGET', job_key(id), 'origin', 'worker_name')
  if state ~= 'started' then
    cancel_waiting(id, fields[1] or '', state, reason)
    return nil
  end
  local answer = stop_started(id, fields[1] or '', fields[2] or '', exc_string)
  return answer[1] == 'stopping' and answer or nil
end
