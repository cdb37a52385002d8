#!lua flags=allow-oom
-- Clears what has expired and keeps the history within its budget, a bounded piece at a time. Every node asks for it, and
-- one a second does it. Answers what is stored.
-- ARGV: 2 bytes that all channels of the partition may cost, 3 bytes of them that one owner's may cost while there is no room.
local budget, share = tonumber(ARGV[2]), tonumber(ARGV[3])

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

forgetReceipts(redis.call('ZRANGEBYSCORE', expiries, '-inf', now, 'LIMIT', 0, 1000))

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

-- Drops what can go of a channel.
local function pushOut(name)
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
end

-- One who has more than a share: of those who have most, since rules may have more of it than publishers.
local function beyondShare()
  local top = redis.call('ZREVRANGE', owners, 0, 31, 'WITHSCORES')
  for i = 1, #top, 2 do
    local max = share
    if string.sub(top[i], 1, 7) == 'rule%3A' then max = tonumber(redis.call('HGET', ledger, 'max:' .. top[i]) or '') or math.huge end
    if tonumber(top[i + 1]) > max then return top[i], max end
  end
end

local function bytesNow()
  return tonumber(redis.call('HGET', ledger, 'bytes') or '0')
end

-- First the channels of whoever has most, for as long as that is more than a share, then those that were used least recently.
local looked = 0
while bytesNow() > budget and looked < most do
  local owner, max = beyondShare()
  local list = owner and KEYS[13] .. owner or used
  local found = redis.call('ZRANGE', list, 0, 19)
  for _, name in ipairs(found) do
    pushOut(name)
    -- What is not theirs any more is in nobody's list.
    if owner then redis.call('ZREM', list, name) end
    if bytesNow() <= budget then break end
    if owner and tonumber(redis.call('ZSCORE', owners, owner) or '0') <= max then break end
  end
  looked = looked + math.max(#found, 1)
  if #found == 0 then
    if not owner then break end
    redis.call('ZREM', owners, owner)
  end
end
more = more or bytesNow() > budget
-- The next one need not wait.
if more then redis.call('HSET', ledger, 'tended', '0') end
return figures(trimmed, more)
