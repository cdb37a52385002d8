#!lua flags=allow-oom
-- Where a channel stands, how much of it is kept, and its newest message.
-- ARGV: 2 channel, 3-5 the rule (count, bytes, ms).
local channel = readChannel(ARGV[2])
if trim(channel, tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])) then writeChannel(channel, true) end
settle()
local answer = { channel.epoch, whole(channel.head), whole(channel.head - channel.first + 1) }
if channel.first <= channel.head then
  local entries = redis.call('XREVRANGE', channel.log, '+', '-', 'COUNT', 1)
  if entries[1] and entries[1][1] == answer[2] .. '-0' then answer[4] = entries[1][2][2] end
end
return reply(answer)
