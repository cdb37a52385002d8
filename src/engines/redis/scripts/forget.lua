#!lua flags=allow-oom
-- Forgets a channel: its history and its numbers. Whoever listens is told by a number that is none.
-- ARGV: 2 channel, 3 the command that announces, 4 the Redis channel to announce to.
local channel = readChannel(ARGV[2])
local kept = channel.head - channel.first + 1
if channel.stored then drop(channel) end
settle()
countThis()
redis.call(ARGV[3], ARGV[4], newEpoch(channel.name) .. ' 0 ' .. channel.name .. countWord() .. '\n')
return reply({ whole(kept) })
