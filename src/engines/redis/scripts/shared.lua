-- What every script of the engine shares. All keys of a script are of one partition, so that one server holds them.
-- KEYS: 1 ledger, 2 lives, 3 names, 4 used, 5 due, 6 receipts, 7 expiries, 8 the stem of channels, 9 the stem of logs.
-- ARGV[1]: a generation to begin, should one have to.
local ledger, lives, names, used, due = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]

-- What the budget counts beside payloads: what a message and a channel cost Redis, measured, rounded up.
local messageOverhead, channelOverhead = 120, 400

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

-- Whole numbers of more than 14 digits would be printed rounded.
local function whole(number)
  return string.format('%.0f', number)
end

-- The generation is renewed when the data may have lost writes: it is not there (flushed, or never was), or it was last
-- written by another life of this server, or by another server (a restart, a failover). Every life of a master has an id
-- of its own. Asking costs 3 microseconds, and nothing else sees a failover that nobody noticed.
local replid = string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)')
local known = redis.call('HMGET', ledger, 'generation', 'replid')
local generation = known[1]
if not generation or known[2] ~= replid then
  generation = ARGV[1]
  redis.call('HSET', ledger, 'generation', generation, 'replid', replid)
  redis.call('DEL', lives)
end

-- Channels whose numbers were dropped begin in another epoch. Counted by a hash of names, since remembering every name
-- would cost what was saved: two names that share a count may be told to reload for nothing.
local function lifeOf(name)
  return string.sub(redis.sha1hex(name), 1, 4)
end

local function newEpoch(name)
  local life = redis.call('HGET', lives, lifeOf(name))
  return life and (generation .. 'Z' .. life) or generation
end

-- A channel: epoch, head (its newest number), first (its oldest kept), bytes (of payload), oldest and newest (when those
-- messages were accepted), keepMs (of its rule, as last seen). `stored` is whether Redis knows it.
local function readChannel(name)
  local key = KEYS[8] .. name
  local f = redis.call('HMGET', key, 'epoch', 'head', 'first', 'bytes', 'oldest', 'newest', 'keepMs')
  if not f[1] then
    return { name = name, key = key, log = KEYS[9] .. name, epoch = newEpoch(name), head = 0, first = 1, bytes = 0,
      oldest = 0, newest = 0, keepMs = 0, stored = false, before = 0 }
  end
  local channel = { name = name, key = key, log = KEYS[9] .. name, epoch = f[1], head = tonumber(f[2]),
    first = tonumber(f[3]), bytes = tonumber(f[4]), oldest = tonumber(f[5]), newest = tonumber(f[6]),
    keepMs = tonumber(f[7]), stored = true }
  channel.before = channelOverhead + channel.bytes + (channel.head - channel.first + 1) * messageOverhead
  -- What is left of an earlier generation stays readable under a new epoch, and the numbers go on.
  if string.sub(channel.epoch, 1, #generation) ~= generation then
    channel.epoch = newEpoch(name)
    redis.call('HSET', key, 'epoch', channel.epoch)
  end
  return channel
end

local function clear(channel)
  if channel.first <= channel.head then redis.call('DEL', channel.log) end
  channel.first, channel.bytes, channel.oldest, channel.newest = channel.head + 1, 0, 0, 0
end

-- Drops what a rule no longer keeps; a count of 0 keeps nothing.
local function trim(channel, count, bytes, keepMs)
  if channel.first > channel.head then return false end
  local expired = now - keepMs
  if count == 0 or channel.newest < expired then
    clear(channel)
    return true
  end
  local dropped = false
  while channel.head - channel.first + 1 > count or channel.bytes > bytes or channel.oldest < expired do
    local entries = redis.call('XRANGE', channel.log, whole(channel.first) .. '-0', '+', 'COUNT', 2)
    -- One message that is more than the rule's bytes, or a log that somebody has tampered with.
    if not entries[2] then
      clear(channel)
      return true
    end
    channel.bytes = channel.bytes - tonumber(string.match(entries[1][2][2], '^%d+ (%d+) '))
    channel.oldest = tonumber(string.match(entries[2][2][2], '^(%d+) '))
    channel.first = channel.first + 1
    dropped = true
  end
  if dropped then redis.call('XTRIM', channel.log, 'MINID', whole(channel.first) .. '-0') end
  return dropped
end

-- When there will be something to clear of it: expired messages, or at last its numbers.
local numbersKeptMs = 600000

-- Writes a channel back, with its cost and its place in the lists.
local function writeChannel(channel, touch)
  redis.call('HSET', channel.key, 'epoch', channel.epoch, 'head', whole(channel.head), 'first', whole(channel.first),
    'bytes', whole(channel.bytes), 'oldest', whole(channel.oldest), 'newest', whole(channel.newest),
    'keepMs', whole(channel.keepMs))
  local cost = channelOverhead + channel.bytes + (channel.head - channel.first + 1) * messageOverhead
  if cost ~= channel.before then redis.call('HINCRBY', ledger, 'bytes', whole(cost - channel.before)) end
  if not channel.stored then
    redis.call('ZADD', names, 0, channel.name)
    redis.call('ZADD', due, now + numbersKeptMs, channel.name)
  end
  if touch or not channel.stored then redis.call('ZADD', used, now, channel.name) end
  channel.stored, channel.before = true, cost
end

-- Forgets a channel wholly. If it was ever published to, the name begins in another epoch.
local function drop(channel)
  clear(channel)
  redis.call('DEL', channel.key)
  redis.call('ZREM', names, channel.name)
  redis.call('ZREM', used, channel.name)
  redis.call('ZREM', due, channel.name)
  redis.call('HINCRBY', ledger, 'bytes', whole(-channel.before))
  if channel.head > 0 then redis.call('HINCRBY', lives, lifeOf(channel.name), 1) end
end
