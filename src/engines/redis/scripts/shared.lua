-- What every script of the engine shares. All keys of a script are of one partition, so that one server holds them.
-- KEYS: 1 ledger, 2 lives, 3 names, 4 used, 5 due, 6 receipts, 7 expiries, 8 the stem of channels, 9 the stem of logs,
-- 10 heard, 11 holders, 12 owners, 13 the stem of what each owns, 14 sources, 15 the stem of sources' ids.
-- ARGV[1]: a generation to begin, should one have to; '' where the nodes decide that together (restart-vote.lua).
local receipts, expiries, holders, owners = KEYS[6], KEYS[7], KEYS[11], KEYS[12]
local ledger, lives, names, used, due, heard = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[10]

-- What the budget counts beside payloads: what a message and a channel cost Redis, measured, rounded up.
local messageOverhead, channelOverhead = 120, 400

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

-- Whole numbers of more than 14 digits would be printed rounded.
local function whole(number)
  return string.format('%d', number)
end

-- As an argument: a number would be printed anew each time, as a fraction, which costs as much as a small command.
local nowText = whole(now)

-- The generation is renewed when the data may have lost writes: it is not there (flushed, or never was), or it was last
-- written by another life of this server, or by another server (a restart, a failover). Every life of a master has an id
-- of its own. Asking costs 3 microseconds, and nothing else sees a failover that nobody noticed.
local replid = string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)')
local known = redis.call('HMGET', ledger, 'generation', 'replid', 'count')
local generation = known[1]
local isDurable, count = ARGV[1] == '', known[3] or '0'
if not generation or known[2] ~= replid then
  if isDurable then return redis.error_reply('UNDECIDED whether the numbering goes on') end
  generation = ARGV[1]
  redis.call('HSET', ledger, 'generation', generation, 'replid', replid)
  redis.call('DEL', lives)
end

-- Every script that changes what listeners are told counts, and every answer and announcement says the count: after a
-- restart it tells whether all that anybody saw is there.
local hasCounted = false

local function countThis()
  if isDurable and not hasCounted then
    hasCounted = true
    count = whole(redis.call('HINCRBY', ledger, 'count', 1))
  end
end

-- An answer, with the count at its end where there is one.
local function reply(answer)
  if isDurable then answer[#answer + 1] = count end
  return answer
end

-- The same at the end of the first line of an announcement.
local function countWord()
  return isDurable and (' ' .. count) or ''
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

-- What a channel costs of the budget: what would be free if it went. One that is idle cannot go and costs nothing: somebody
-- listens to it, and nothing of it is kept. How many may be listened to is for the nodes to bound.
local function costOf(channel)
  if channel.idle then return 0 end
  return channelOverhead + channel.bytes + (channel.head - channel.first + 1) * messageOverhead
end

local function writeState(channel)
  redis.call('HSET', channel.key, 'state', string.format('%s %d %d %d %d %d %d %d %s', channel.epoch, channel.head, channel.first,
    channel.bytes, channel.oldest, channel.newest, channel.keepMs, channel.idle and 1 or 0, channel.owner))
end

-- A channel: epoch, head (its newest number), first (its oldest kept), bytes (of payload), oldest and newest (when those
-- messages were accepted), keepMs (of its rule, as last seen), idle (see above), owner (who began the history that it has, where they have a share of the
-- budget; `-` is nobody). `stored` is whether Redis knows it, `listed` whether
-- it is among `used` and `due`: only what can go is. All of it is one field, in this order: nine of them cost twice as much to
-- read and to write.
local function readChannel(name)
  local key = KEYS[8] .. name
  local channel = { name = name, key = key, log = KEYS[9] .. name }
  local state = redis.call('HGET', key, 'state')
  if not state then
    channel.epoch, channel.head, channel.first, channel.bytes = newEpoch(name), 0, 1, 0
    channel.oldest, channel.newest, channel.keepMs, channel.stored, channel.before = 0, 0, 0, false, 0
    channel.idle, channel.listed, channel.owner, channel.ownerBefore = false, false, '-', '-'
    return channel
  end
  -- The last two are not there where a version wrote it that did not know them.
  local epoch, head, first, bytes, oldest, newest, keepMs, idle, owner =
    string.match(state, '^(%w+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) ?(%d?) ?(%S*)$')
  if owner == '' then owner = '-' end
  channel.epoch, channel.head, channel.first, channel.bytes = epoch, tonumber(head), tonumber(first), tonumber(bytes)
  channel.oldest, channel.newest, channel.keepMs = tonumber(oldest), tonumber(newest), tonumber(keepMs)
  channel.idle, channel.owner, channel.ownerBefore = idle == '1', owner, owner
  channel.stored, channel.listed, channel.before = true, not channel.idle, costOf(channel)
  -- What is left of an earlier generation stays readable under a new epoch, and the numbers go on.
  if string.sub(epoch, 1, #generation) ~= generation then
    channel.epoch = newEpoch(name)
    writeState(channel)
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
    -- Those that are too many in one look, and the one that is the oldest then.
    local excess = math.min(math.max(channel.head - channel.first + 1 - count, 1), 64)
    local entries = redis.call('XRANGE', channel.log, whole(channel.first) .. '-0', '+', 'COUNT', excess + 1)
    -- One message that is more than the rule's bytes, or a log that somebody has tampered with.
    if not entries[2] then
      clear(channel)
      return true
    end
    for i = 1, #entries - 1 do
      channel.bytes = channel.bytes - tonumber(string.match(entries[i][2][2], '^%d+ (%d+) '))
    end
    channel.oldest = tonumber(string.match(entries[#entries][2][2], '^(%d+) '))
    channel.first = channel.first + #entries - 1
    dropped = true
  end
  if dropped then redis.call('XTRIM', channel.log, 'MINID', whole(channel.first) .. '-0') end
  return dropped
end

-- How long numbers are kept that nobody uses.
local numbersKeptMs = 600000

-- What the costs of channels have changed by, in all and by owner, and the ledger does not know yet.
local costChange, ownedChange = 0, {}

local function owes(owner, cost)
  if owner ~= '-' then ownedChange[owner] = (ownedChange[owner] or 0) + cost end
end

-- Notes what a channel costs now, and whom.
local function account(channel, cost)
  costChange = costChange + cost - channel.before
  owes(channel.ownerBefore, -channel.before)
  owes(channel.owner, cost)
  if channel.ownerBefore ~= channel.owner and channel.ownerBefore ~= '-' then
    redis.call('ZREM', KEYS[13] .. channel.ownerBefore, channel.name)
  end
  channel.before, channel.ownerBefore = cost, channel.owner
end

-- Writes a channel back, with its place in the lists. `due` is when there will be something to clear of it, where that is
-- new: expired messages, or at last its numbers.
local function writeChannel(channel, touch)
  if channel.first <= channel.head then channel.idle = false end
  if channel.idle then channel.owner = '-' end
  writeState(channel)
  account(channel, costOf(channel))
  if not channel.stored then redis.call('ZADD', names, 0, channel.name) end
  if channel.idle then
    if channel.listed then
      redis.call('ZREM', used, channel.name)
      redis.call('ZREM', due, channel.name)
    end
  else
    if channel.due or not channel.listed then
      redis.call('ZADD', due, channel.due or now + numbersKeptMs, channel.name)
    end
    if touch or not channel.listed then
      redis.call('ZADD', used, nowText, channel.name)
      if channel.owner ~= '-' then redis.call('ZADD', KEYS[13] .. channel.owner, nowText, channel.name) end
    end
  end
  channel.stored, channel.listed, channel.due = true, not channel.idle, nil
end

-- Forgets a channel wholly. If it was ever published to, the name begins in another epoch.
local function drop(channel)
  clear(channel)
  redis.call('DEL', channel.key)
  redis.call('ZREM', names, channel.name)
  redis.call('ZREM', used, channel.name)
  redis.call('ZREM', due, channel.name)
  channel.owner = '-'
  account(channel, 0)
  if channel.head > 0 then redis.call('HINCRBY', lives, lifeOf(channel.name), 1) end
end

-- Nobody listens any more, as far as is known: what was never published to is forgotten, other numbers can go like others.
local function unheard(name)
  redis.call('ZREM', heard, name)
  local channel = readChannel(name)
  if not channel.idle then return end
  if channel.head == 0 then
    drop(channel)
  else
    channel.idle = false
    writeChannel(channel, true)
  end
end

-- Tells the ledger what channels cost now, once for all that a script has changed.
local function settle()
  if costChange ~= 0 then redis.call('HINCRBY', ledger, 'bytes', whole(costChange)) end
  for owner, change in pairs(ownedChange) do
    if change ~= 0 and tonumber(redis.call('ZINCRBY', owners, whole(change), owner)) <= 0 then
      redis.call('ZREM', owners, owner)
    end
  end
  costChange, ownedChange = 0, {}
end

-- Forgets answers to keys, and gives their places back to whoever held them.
local function forgetReceipts(fields)
  for _, field in ipairs(fields) do
    local holder = string.match(redis.call('HGET', receipts, field) or '', ' (%S+)$')
    redis.call('HDEL', receipts, field)
    redis.call('ZREM', expiries, field)
    if holder and holder ~= '-' and redis.call('HINCRBY', holders, holder, -1) <= 0 then
      redis.call('HDEL', holders, holder)
    end
  end
end
