#!lua
-- Publishes: appends, numbers, announces and remembers the key, or does nothing at all.
-- ARGV: 2 channel, 3 record, 4 bytes of payload, 5 when accepted, 6-8 the rule (count, bytes, ms), 9 the command that
-- announces, 10 the Redis channel to announce to, 11 id, 12 Idempotency-Key or '', 13 its digest, 14 ms to remember it,
-- 15 how many may be remembered.
local receipts, expiries = KEYS[6], KEYS[7]
local field = ARGV[12] ~= '' and (ARGV[2] .. ' ' .. ARGV[12])

if field then
  local receipt = redis.call('HGET', receipts, field)
  if receipt then
    local expiry, digest, id, epoch, offset = string.match(receipt, '^(%d+) (%S+) (%S+) (%w+) (%d+)$')
    if tonumber(expiry) > now then
      if digest ~= ARGV[13] then return { 'conflict' } end
      return { 'duplicate', epoch, offset, id }
    end
  elseif redis.call('ZCARD', expiries) >= tonumber(ARGV[15]) then
    for _, old in ipairs(redis.call('ZRANGEBYSCORE', expiries, '-inf', now, 'LIMIT', 0, 100)) do
      redis.call('HDEL', receipts, old)
      redis.call('ZREM', expiries, old)
    end
    if redis.call('ZCARD', expiries) >= tonumber(ARGV[15]) then
      local first = redis.call('ZRANGE', expiries, 0, 0, 'WITHSCORES')
      return { 'full', whole(first[2] and math.max(0, tonumber(first[2]) - now) or tonumber(ARGV[14])) }
    end
  end
end

local channel = readChannel(ARGV[2])
local count, bytes, keepMs = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local accepted = tonumber(ARGV[5])
local first = channel.first > channel.head
channel.head = channel.head + 1
if count == 0 then
  -- What was kept before a rule said `none` goes: were it there when a rule keeps again, there would be a hole in it.
  if not first then redis.call('DEL', channel.log) end
  channel.first, channel.bytes = channel.head + 1, 0
else
  redis.call('XADD', channel.log, whole(channel.head) .. '-0', 'm', ARGV[3])
  channel.bytes = channel.bytes + tonumber(ARGV[4])
  if first then
    channel.first, channel.oldest = channel.head, accepted
    -- Whoever clears looks when the first of them expires; what comes after is looked at then.
    redis.call('ZADD', due, now + keepMs, channel.name)
  end
  channel.newest = accepted
  channel.keepMs = keepMs
  trim(channel, count, bytes, keepMs)
end
local isNew = not channel.stored
writeChannel(channel, true)
if isNew and count > 0 then redis.call('ZADD', due, now + keepMs, channel.name) end

local offset = whole(channel.head)
redis.call(ARGV[9], ARGV[10], channel.epoch .. ' ' .. offset .. ' ' .. channel.name .. '\n' .. ARGV[3])
if field then
  local expiry = now + tonumber(ARGV[14])
  redis.call('HSET', receipts, field,
    whole(expiry) .. ' ' .. ARGV[13] .. ' ' .. ARGV[11] .. ' ' .. channel.epoch .. ' ' .. offset)
  redis.call('ZADD', expiries, expiry, field)
end
return { 'published', channel.epoch, offset, ARGV[11] }
