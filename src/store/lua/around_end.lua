-- around_end.lua: the other end of around.lua.
local reply = script()
local count = 0
while reply[count + 1] ~= nil do count = count + 1 end
if #met > 0 then reply[count + 1] = { 'wrong-type', unpack(met) } end
return reply
