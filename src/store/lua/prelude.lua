-- prelude.lua: what every script shares. It is put in front of each of them.
-- KEYS[1]  <prefix>:queues (routes the script in a Redis Cluster; every other key shares the prefix)
-- ARGV[1]  prefix, "rq" unless --namespace says otherwise
-- Times come from Redis's clock alone: NOW whole seconds (registry scores), NOW_MS milliseconds, NOW_F RQ's epoch float.
local P = ARGV[1]
local TIME = redis.call('TIME')
local NOW = tonumber(TIME[1])
local NOW_MS = NOW * 1000 + math.floor(tonumber(TIME[2]) / 1000)
local NOW_F = TIME[1] .. '.' .. string.format('%06d', tonumber(TIME[2]))

local floor = math.floor

-- RQ's timestamp of now, 2026-11-23T15:47:50.123456Z (civil date from days, after the proleptic Gregorian calendar).
local now_stamp
local function stamp()
  if now_stamp then return now_stamp end
  local days = floor(NOW / 86400)
  local second = NOW - days * 86400
  local z = days + 719468
  local era = floor(z / 146097)
  local day_of_era = z - era * 146097
  local year_of_era = floor((day_of_era - floor(day_of_era / 1460) + floor(day_of_era / 36524) - floor(day_of_era / 146096)) / 365)
  local day_of_year = day_of_era - (365 * year_of_era + floor(year_of_era / 4) - floor(year_of_era / 100))
  local shifted_month = floor((5 * day_of_year + 2) / 153)
  local day = day_of_year - floor((153 * shifted_month + 2) / 5) + 1
  local month = shifted_month < 10 and shifted_month + 3 or shifted_month - 9
  local year = year_of_era + era * 400 + (month <= 2 and 1 or 0)
  now_stamp = string.format('%04d-%02d-%02dT%02d:%02d:%02d.%06dZ', year, month, day,
    floor(second / 3600), floor(second / 60) % 60, second % 60, tonumber(TIME[2]))
  return now_stamp
end

local function queue_key(queue) return P .. ':queue:' .. queue end
local function job_key(id) return P .. ':job:' .. id end
local function dependents_key(id) return P .. ':job:' .. id .. ':dependents' end
local function dependencies_key(id) return P .. ':job::' .. id .. ':dependencies' end
-- Every job that was ever to wait for this one, for those who look; RQ's own set forgets those that were released.
local function children_key(id) return P .. ':rqt:children:' .. id end
local function results_key(id) return P .. ':results:' .. id end
local function output_key(id) return P .. ':rqt:output:' .. id end
-- What a job that somebody waits for writes, all of it, for a minute.
local function live_key(id) return P .. ':rqt:live:' .. id end
local function execution_key(id, execution) return P .. ':execution:' .. id .. ':' .. execution end
local function executions_key(id) return P .. ':executions:' .. id end
-- Jobs that have ended without their worker, and whose callback is still to be run.
local function callbacks_key(queue) return P .. ':rqt:callbacks:' .. queue end
-- Tells all workers, which look by themselves, too: `queue` where a callback is due, `execution` of a callback that counts no more, or whose lease
-- is `overdue`.
local function tell_workers(what) redis.pcall('PUBLISH', P .. ':pubsub:rqt:callbacks', cjson.encode(what)) end
-- registry: wip, finished, failed, deferred, scheduled or canceled
local function registry_key(registry, queue) return P .. ':' .. registry .. ':' .. queue end
local function worker_key(worker) return P .. ':worker:' .. worker end
local EXPIRING = P .. ':rqt:expiring'
local RELEASING = P .. ':rqt:releasing'

-- A hash field as a number; `otherwise` where it is missing, or anything that Redis cannot reckon with as seconds or a count: anybody
-- may have written anything there, and an error half way would leave a job in no place.
local function number(value, otherwise)
  local found = tonumber(value or '')
  if found and math.abs(found) <= 1e15 then return found end
  return otherwise
end
local function whole(value, otherwise)
  local found = number(value)
  return found and floor(found) or otherwise
end

-- A hash field as a string, or nil where it is missing or empty.
local function present(value)
  if value and value ~= '' then return value end
  return nil
end

-- The first of some keys that hold something else than they should, nil when there is none: pairs of key and type. A script that would lose a
-- job by going on asks before it changes anything, and returns {'wrong-type', key}.
local function first_wrong(pairs_)
  for i = 1, #pairs_, 2 do
    local found = redis.call('TYPE', pairs_[i]).ok
    if found ~= 'none' and found ~= pairs_[i + 1] then return pairs_[i] end
  end
  return nil
end

-- Whether an execution holds its lease. Where the registry is none any more, the execution's own hash stands for it.
local function holds_lease(id, execution, queue)
  local wip = registry_key('wip', queue)
  if redis.call('ZSCORE', wip, id .. ':' .. execution) then return true end
  return redis.was_wrong(wip) and redis.call('EXISTS', execution_key(id, execution)) == 1
end
