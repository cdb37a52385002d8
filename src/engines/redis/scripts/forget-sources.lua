#!lua
-- Forgets how far event sources are published: of every partition of theirs whose name begins as said.
-- ARGV: 2 the beginning.
local prefix = ARGV[2]
for _, partition in ipairs(redis.call('HKEYS', KEYS[14])) do
  if string.sub(partition, 1, #prefix) == prefix then redis.call('HDEL', KEYS[14], partition) end
end
settle()
return reply({})
