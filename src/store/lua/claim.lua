-- claim.lua: takes the first job that waits and starts it under a lease.
-- ARGV     2 worker, 3 execution id to use, 4 lease in seconds, 5.. queues in order of priority
-- returns  see claim() in claiming.lua
-- O(queues + ids skipped, 1000 at the most)
local queues = {}
for i = 5, #ARGV do queues[#queues + 1] = ARGV[i] end
local reply = claim({ worker = ARGV[2], execution = ARGV[3], lease = tonumber(ARGV[4]), queues = queues })
if reply[1] == 'none' or reply[1] == 'suspended' then rest(ARGV[2], reply[1] == 'none' and 'idle' or 'suspended') end
return reply
