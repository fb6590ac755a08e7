-- once.lua: at most one job of a key in each slot of time. Put behind overlap.lua.
-- A key's record, '<second> <id>', tells when a slot of it was last decided on and which job that slot has.

-- Long enough that the job of a slot is still known to later ones that look whether it has ended.
local RECORD_SECONDS = 7 * 86400

-- terms: key, seconds of a slot, overlap, exc_string for a job that is replaced and whose worker is gone; then, when the slots are not
-- cut in UTC, from when until when (epoch seconds) the present one lasts. nil when there are none.
local function read_once(terms)
  if not terms[1] then return nil end
  local seconds = tonumber(terms[2])
  local from = tonumber(terms[5]) or floor(NOW / seconds) * seconds
  local to = tonumber(terms[6]) or from + seconds
  local record = P .. ':rqt:once:' .. terms[1]
  local at, id = (redis.call('GET', record) or ''):match('^(%d+) (%S+)$')
  at = tonumber(at)
  return {
    record = record, overlap = terms[3], exc_string = terms[4], to = to, last = id,
    is_now = from <= NOW and NOW < to,
    -- Decided a little later than now: the clock was set back. Much later: it was wrong, and must not keep this slot empty.
    is_taken = at ~= nil and at >= from and at < to + (to - from),
  }
end

-- Notes which job the present slot has.
local function take_slot(once, id)
  local lasts = math.max(once.to - NOW, 0) + RECORD_SECONDS
  redis.call('SET', once.record, string.format('%d %s', NOW, id), 'EX', string.format('%d', lasts))
end
