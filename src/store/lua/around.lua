-- around.lua: what is put around each script. A key that holds something else than rqt keeps there is left as it is, counts as empty, and is
-- named behind the reply: an error half way would leave a job in no place, and come again at each try.
-- returns  the script's reply, behind it {'wrong-type', key, …} when such keys were met. A script that answers {'wrong-type', key} itself has changed nothing.
local met = {}
local function meet(key)
  for i = 1, #met do
    if met[i] == key then return end
  end
  -- So many are told of one call; the others when they are met again.
  if #met < 20 then met[#met + 1] = key end
end

local LISTS = {
  HMGET = true, LRANGE = true, SMEMBERS = true, XREVRANGE = true, ZRANDMEMBER = true, ZRANGE = true, ZRANGEBYSCORE = true,
}
local VALUES = { GET = true, HGET = true, HRANDFIELD = true, LPOP = true, LPOS = true, SRANDMEMBER = true, ZSCORE = true }
-- What a command replies for a key that there is not.
local function reply_of_none(command, arguments)
  if command == 'SSCAN' then return { '0', {} } end
  if LISTS[command] or (command == 'SRANDMEMBER' and arguments == 2) then return {} end
  if VALUES[command] then return false end
  return 0
end

local server = redis
local redis = {
  pcall = server.pcall,
  call = function(...)
    local reply = server.pcall(...)
    if type(reply) ~= 'table' or not reply.err then return reply end
    -- Redis says it in its own way.
    if not reply.err:find('WRONGTYPE', 1, true) then return server.call(...) end
    local command, key = ...
    meet(key)
    return reply_of_none(command, select('#', ...) - 1)
  end,
  -- Whether a key was met that holds something else.
  was_wrong = function(key)
    for i = 1, #met do
      if met[i] == key then return true end
    end
    return false
  end,
}
