-- release.lua: judges the next children of parents that have ended or are gone, where the script that ended them has left some.
-- ARGV     none
-- returns  {'released', children canceled, 1 when more are to be judged}
-- O(200)
local more = release_step()
return { 'released', children_canceled, more and 1 or 0 }
