#!lua flags=allow-oom
-- Where channels stand that somebody listens to. They are in use by that, and known from then on: nodes ask about each minute.
-- ARGV: from 2 on, channels.
local answer = {}
for i = 2, #ARGV do
  local channel = readChannel(ARGV[i])
  if channel.first <= channel.head then
    redis.call('ZADD', used, nowText, channel.name)
  elseif not channel.idle then
    channel.idle = true
    writeChannel(channel, false)
  end
  redis.call('ZADD', heard, nowText, channel.name)
  answer[#answer + 1] = channel.epoch
  answer[#answer + 1] = whole(channel.head)
end
settle()
return reply(answer)
