-- mend_type.lua: gives a key that holds something else than rqt keeps there another name, so that nothing of it is lost.
-- ARGV     2 key, 3 the type that belongs there
-- returns  {'mended', what was done} or {'fine'}
-- O(1)
if not first_wrong({ ARGV[2], ARGV[3] }) then return { 'fine' } end
return { 'mended', 'renamed to ' .. set_aside(ARGV[2]) }
