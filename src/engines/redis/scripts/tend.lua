#!lua flags=allow-oom
-- Clears what has expired and keeps the history within its budget, a bounded piece at a time. Every node asks for it, and
-- one a second does it. Answers what is stored.
-- ARGV: 2 bytes that all channels of the partition may cost.
local receipts, expiries = KEYS[6], KEYS[7]
local budget = tonumber(ARGV[2])

-- Channels that are looked at in one go: some 2 ms.
local most = 200

-- Nodes say about each minute of a channel that somebody listens to it.
local heardMs = 180000

local function figures(trimmed)
  -- What nodes say to themselves, under `/_/`, is nobody's channel.
  local channels = redis.call('ZCARD', names) - redis.call('ZLEXCOUNT', names, '[/_/', '(/_0')
  return { whole(tonumber(redis.call('HGET', ledger, 'bytes') or '0')), channels,
    redis.call('ZCARD', expiries), trimmed }
end

local tended = tonumber(redis.call('HGET', ledger, 'tended') or '0')
-- A clock that was set back must not stop it.
if now >= tended and now - tended < 900 then return figures({}) end
redis.call('HSET', ledger, 'tended', whole(now))

for _, old in ipairs(redis.call('ZRANGEBYSCORE', expiries, '-inf', now, 'LIMIT', 0, 1000)) do
  redis.call('HDEL', receipts, old)
  redis.call('ZREM', expiries, old)
end

for _, name in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, most)) do
  local channel = readChannel(name)
  if not channel.stored then
    redis.call('ZREM', due, name)
  else
    if trim(channel, math.huge, math.huge, channel.keepMs) then writeChannel(channel, false) end
    local lastUse = tonumber(redis.call('ZSCORE', used, name) or '0')
    if channel.first <= channel.head then
      redis.call('ZADD', due, channel.oldest + channel.keepMs + 1, name)
    elseif lastUse + numbersKeptMs <= now then
      drop(channel)
    else
      redis.call('ZADD', due, lastUse + numbersKeptMs, name)
    end
  end
end

settle()
local trimmed = {}
local bytes = tonumber(redis.call('HGET', ledger, 'bytes') or '0')
if bytes > budget then
  local oldest = redis.call('ZRANGE', used, 0, most - 1)
  for _, name in ipairs(oldest) do
    if bytes <= budget then break end
    local channel = readChannel(name)
    local heard = tonumber(redis.call('HGET', channel.key, 'heard') or '0')
    if channel.first <= channel.head then trimmed[#trimmed + 1] = name end
    if not channel.stored then
      redis.call('ZREM', used, name)
    elseif now - heard > heardMs then
      drop(channel)
    elseif channel.first <= channel.head then
      -- Somebody listens: the numbers stay, and with them who misses nothing.
      clear(channel)
      writeChannel(channel, false)
    end
    settle()
    bytes = tonumber(redis.call('HGET', ledger, 'bytes'))
  end
  -- There is more to do than one go: the next one need not wait.
  if bytes > budget then redis.call('HSET', ledger, 'tended', '0') end
end
return figures(trimmed)
