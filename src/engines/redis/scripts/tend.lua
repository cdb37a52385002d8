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

local function figures(trimmed, more)
  -- What nodes say to themselves, under `/_/`, is nobody's channel.
  local channels = redis.call('ZCARD', names) - redis.call('ZLEXCOUNT', names, '[/_/', '(/_0')
  return { whole(tonumber(redis.call('HGET', ledger, 'bytes') or '0')), channels,
    redis.call('ZCARD', expiries), trimmed, more and 1 or 0 }
end

local tended = tonumber(redis.call('HGET', ledger, 'tended') or '0')
-- A clock that was set back must not stop it.
if now >= tended and now - tended < 900 then return figures({}, false) end
redis.call('HSET', ledger, 'tended', whole(now))

for _, old in ipairs(redis.call('ZRANGEBYSCORE', expiries, '-inf', now, 'LIMIT', 0, 1000)) do
  redis.call('HDEL', receipts, old)
  redis.call('ZREM', expiries, old)
end

-- Whether one of these looks was not at the end of what there is to do.
local more = false

local function next(list, max)
  local found = redis.call('ZRANGEBYSCORE', list, '-inf', max, 'LIMIT', 0, most)
  more = more or #found == most
  return found
end

for _, name in ipairs(next(heard, now - heardMs)) do unheard(name) end

for _, name in ipairs(next(due, now)) do
  local channel = readChannel(name)
  if not channel.stored then
    redis.call('ZREM', due, name)
  else
    if trim(channel, math.huge, math.huge, channel.keepMs) then writeChannel(channel, false) end
    local lastUse = tonumber(redis.call('ZSCORE', used, name) or '0')
    if channel.first <= channel.head then
      redis.call('ZADD', due, channel.oldest + channel.keepMs + 1, name)
    elseif redis.call('ZSCORE', heard, name) then
      channel.idle = true
      writeChannel(channel, false)
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
  for _, name in ipairs(redis.call('ZRANGE', used, 0, most - 1)) do
    if bytes <= budget then break end
    local channel = readChannel(name)
    if channel.first <= channel.head then trimmed[#trimmed + 1] = name end
    if not channel.stored then
      redis.call('ZREM', used, name)
    elseif redis.call('ZSCORE', heard, name) then
      -- Somebody listens: the numbers stay, and with them who misses nothing.
      clear(channel)
      channel.idle = true
      writeChannel(channel, false)
    else
      drop(channel)
    end
    settle()
    bytes = tonumber(redis.call('HGET', ledger, 'bytes'))
  end
  more = more or bytes > budget
end
-- The next one need not wait.
if more then redis.call('HSET', ledger, 'tended', '0') end
return figures(trimmed, more)
