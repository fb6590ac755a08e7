-- mend_owned.lua: removes a key that belonged to a job that is gone. Jobs that wait for it are looked at first.
-- ARGV     2 kind: results, output, children, dependencies, dependents or executions, 3 id
-- returns  {'mended', what was done}, {'more'}: children are left to be looked at, {'fine'} or {'blocked', key}
-- O(children, 200 at the most)
local kind, id = ARGV[2], ARGV[3]
local key = ({
  results = results_key, output = output_key, children = children_key, dependencies = dependencies_key, dependents = dependents_key,
  executions = executions_key,
})[kind](id)
local wrong = wrong_key('', id)
if wrong then return { 'blocked', wrong } end
if redis.call('EXISTS', job_key(id)) == 1 or redis.call('EXISTS', key) == 0 then return { 'fine' } end
if kind == 'dependents' then
  if redis.call('HEXISTS', RELEASING, id) == 1 then return { 'fine' } end
  for _, child in ipairs(redis.call('SRANDMEMBER', key, 200)) do
    local fields = redis.call('HMGET', job_key(child), 'status', 'origin')
    if fields[1] == 'deferred' and present(fields[2]) then
      wrong = wrong_key(fields[2], child)
      if wrong then return { 'blocked', wrong } end
      look_at_deferred(child, fields[2])
    end
    redis.call('SREM', key, child)
  end
  if redis.call('EXISTS', key) == 1 then return { 'more' } end
end
redis.call('UNLINK', key)
return { 'mended', 'removed' }
