#!lua
-- Publishes drafts, one after the other: appends, numbers, announces and remembers the key, or does nothing at all.
-- ARGV: 2 the command that announces, 3 the Redis channel to announce to, 4 '1' when the channel's name follows it there,
-- 5 ms to remember a key, 6 how many may be remembered; then four a draft: channel, record, the rule as `count bytes ms`,
-- and '' or `digest key`. Answers a line a draft.
local receipts, expiries = KEYS[6], KEYS[7]
local announce, place, namesFollow = ARGV[2], ARGV[3], ARGV[4] == '1'
local rememberMs, rememberedMax = tonumber(ARGV[5]), tonumber(ARGV[6])

-- Nil when the key is new and there is room for it; else the answer.
local function known(field, digest)
  local receipt = redis.call('HGET', receipts, field)
  if receipt then
    local expiry, before, id, epoch, offset = string.match(receipt, '^(%d+) (%S+) (%S+) (%w+) (%d+)$')
    if tonumber(expiry) > now then
      if digest ~= before then return 'conflict' end
      return 'duplicate ' .. epoch .. ' ' .. offset .. ' ' .. id
    end
  elseif redis.call('ZCARD', expiries) >= rememberedMax then
    for _, old in ipairs(redis.call('ZRANGEBYSCORE', expiries, '-inf', now, 'LIMIT', 0, 100)) do
      redis.call('HDEL', receipts, old)
      redis.call('ZREM', expiries, old)
    end
    if redis.call('ZCARD', expiries) >= rememberedMax then
      local first = redis.call('ZRANGE', expiries, 0, 0, 'WITHSCORES')
      return 'full ' .. whole(first[2] and math.max(0, tonumber(first[2]) - now) or rememberMs)
    end
  end
  return nil
end

-- The channels of these drafts, each read once and written once.
local channels, inTurn = {}, {}

local function channelOf(name)
  local channel = channels[name]
  if not channel then
    channel = readChannel(name)
    channels[name] = channel
    inTurn[#inTurn + 1] = channel
  end
  return channel
end

local function publish(name, record, rule, key)
  local field, digest
  if key ~= '' then
    local space = string.find(key, ' ', 1, true)
    field, digest = name .. ' ' .. string.sub(key, space + 1), string.sub(key, 1, space - 1)
    local answer = known(field, digest)
    if answer then return answer end
  end

  local channel = channelOf(name)
  local bytes = string.match(record, '^(%d+) ')
  -- Its age is judged by this clock, so it is told by this clock: that of a node may be a minute off.
  record = nowText .. ' ' .. record
  if rule ~= channel.rule then
    local count, bytesMax, keepMs = string.match(rule, '^(%d+) (%d+) (%d+)$')
    channel.rule, channel.count = rule, tonumber(count)
    channel.bytesMax, channel.ruleMs = tonumber(bytesMax), tonumber(keepMs)
  end
  local first = channel.first > channel.head
  local head = channel.head + 1
  local offset = whole(head)
  if channel.count == 0 then
    -- What was kept before a rule said `none` goes: were it there when a rule keeps again, there would be a hole in it.
    clear(channel)
    channel.head, channel.first = head, head + 1
  else
    -- Before anything is noted: where it fails, nothing was.
    redis.call('XADD', channel.log, offset .. '-0', 'm', record)
    channel.head, channel.bytes = head, channel.bytes + tonumber(bytes)
    channel.newest, channel.keepMs = now, channel.ruleMs
    if first then
      channel.first, channel.oldest = head, channel.newest
      -- Whoever clears looks when the first of them expires; what comes after is looked at then.
      channel.due = now + channel.keepMs
    end
  end
  channel.changed = true

  redis.call(announce, namesFollow and place .. name or place, channel.epoch .. ' ' .. offset .. ' ' .. name .. '\n' .. record)
  if field then
    local expiry = now + rememberMs
    local id = string.match(record, '^%d+ %d+ %a+ (%S+) ')
    redis.call('HSET', receipts, field, whole(expiry) .. ' ' .. digest .. ' ' .. id .. ' ' .. channel.epoch .. ' ' .. offset)
    redis.call('ZADD', expiries, expiry, field)
  end
  return 'published ' .. channel.epoch .. ' ' .. offset
end

local answers = {}
for i = 7, #ARGV, 4 do
  -- What is wrong with one channel is no reason to refuse another.
  local ok, answer = pcall(publish, ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3])
  answers[#answers + 1] = ok and answer or 'failed ' .. (type(answer) == 'table' and answer.err or tostring(answer))
end
for _, channel in ipairs(inTurn) do
  if channel.changed then
    trim(channel, channel.count, channel.bytesMax, channel.ruleMs)
    writeChannel(channel, true)
  end
end
settle()
return answers
