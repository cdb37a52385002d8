#!lua flags=allow-oom
-- Where channels stand that somebody listens to. They are in use by that, and known from then on.
-- ARGV: from 2 on, channels.
local answer = {}
for i = 2, #ARGV do
  local channel = readChannel(ARGV[i])
  if channel.stored then
    redis.call('ZADD', used, now, channel.name)
  else
    writeChannel(channel, true)
  end
  redis.call('HSET', channel.key, 'heard', whole(now))
  answer[#answer + 1] = channel.epoch
  answer[#answer + 1] = whole(channel.head)
end
settle()
return answer
