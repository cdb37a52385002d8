#!lua
-- Publishes drafts, one after the other: appends, numbers, announces and remembers the key, or does nothing at all.
-- ARGV: 2 the command that announces, 3 the Redis channel to announce to, 4 '1' when the channel's name follows it there,
-- 5 ms to remember a key, 6 how many may be remembered; then six a draft: channel, record, the rule as `count bytes ms`,
-- '' or `digest holder share key`, and who answers for what is kept, with what they may have where it is not a publisher's share. Holder and owner are `-` for nobody; a holder may have `share`
-- times as many keys as are free. The sixth is '' or which message of an event source it is: `at partition position previous`, with
-- `-` for no previous one, or `id partition id count ms`. Answers a line a draft.
local announce, place, namesFollow = ARGV[2], ARGV[3], ARGV[4] == '1'
local rememberMs, rememberedMax = tonumber(ARGV[5]), tonumber(ARGV[6])

local function isFull(holder, share)
  local free = rememberedMax - redis.call('ZCARD', expiries)
  if free <= 0 or holder == '-' then return free <= 0 end
  return tonumber(redis.call('HGET', holders, holder) or '0') >= free * share
end

-- Nil when the key is new and there is room for it; else the answer.
local function known(field, digest, holder, share)
  local receipt = redis.call('HGET', receipts, field)
  if receipt then
    local expiry, before, id, epoch, offset = string.match(receipt, '^(%d+) (%S+) (%S+) (%w+) (%d+) ?%S*$')
    if tonumber(expiry) > now then
      if digest ~= before then return 'conflict' end
      return 'duplicate ' .. epoch .. ' ' .. offset .. ' ' .. id
    end
    forgetReceipts({ field })
  end
  if isFull(holder, share) then
    forgetReceipts(redis.call('ZRANGEBYSCORE', expiries, '-inf', now, 'LIMIT', 0, 100))
    if isFull(holder, share) then
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

-- Which message of an event source it is: how it moves the source's mark, or the answer when it is not to be published.
local function sourceOf(words)
  local partition, position, previous = string.match(words, '^at (%S+) (%S+) (%S+)$')
  if partition then
    local reached = redis.call('HGET', KEYS[14], partition)
    if reached and reached >= position then return nil, 'repeat' end
    if previous ~= '-' and (not reached or reached < previous) then return nil, 'gap' end
    return function() redis.call('HSET', KEYS[14], partition, position) end
  end
  local id, count, ms
  partition, id, count, ms = string.match(words, '^id (%S+) (%S+) (%d+) (%d+)$')
  local ids = KEYS[15] .. partition
  local expiry = redis.call('ZSCORE', ids, id)
  if expiry and tonumber(expiry) > now then return nil, 'repeat' end
  return function()
    redis.call('ZADD', ids, now + tonumber(ms), id)
    redis.call('ZREMRANGEBYSCORE', ids, '-inf', now)
    redis.call('ZREMRANGEBYRANK', ids, 0, -tonumber(count) - 1)
    redis.call('PEXPIRE', ids, ms)
  end
end

local function publish(name, record, rule, key, ownerAndMax, source)
  local moveMark, refusal
  if source ~= '' then
    moveMark, refusal = sourceOf(source)
    if refusal == 'gap' then return 'gap' end
    if refusal then
      local channel = channelOf(name)
      return 'duplicate ' .. channel.epoch .. ' ' .. whole(channel.head)
    end
  end
  local owner, ownerMax = string.match(ownerAndMax, '^(%S+) ?(%d*)$')
  if ownerMax ~= '' then redis.call('HSET', ledger, 'max:' .. owner, ownerMax) end
  local field, digest, holder
  if key ~= '' then
    local share, rest
    digest, holder, share, rest = string.match(key, '^(%S+) (%S+) (%d+) (.*)$')
    field = name .. ' ' .. rest
    local answer = known(field, digest, holder, tonumber(share))
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
      channel.first, channel.oldest, channel.owner = head, channel.newest, owner
      -- Whoever clears looks when the first of them expires; what comes after is looked at then.
      channel.due = now + channel.keepMs
    end
  end
  channel.changed = true
  if moveMark then moveMark() end

  countThis()
  redis.call(announce, namesFollow and place .. name or place,
    channel.epoch .. ' ' .. offset .. ' ' .. name .. countWord() .. '\n' .. record)
  if field then
    local expiry = now + rememberMs
    local id = string.match(record, '^%d+ %d+ %a+ (%S+) ')
    redis.call('HSET', receipts, field, whole(expiry) .. ' ' .. digest .. ' ' .. id .. ' ' .. channel.epoch .. ' ' .. offset .. ' ' .. holder)
    redis.call('ZADD', expiries, expiry, field)
    if holder ~= '-' then redis.call('HINCRBY', holders, holder, 1) end
  end
  return 'published ' .. channel.epoch .. ' ' .. offset
end

local answers = {}
for i = 7, #ARGV, 6 do
  -- What is wrong with one channel is no reason to refuse another.
  local ok, answer = pcall(publish, ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5])
  answers[#answers + 1] = ok and answer or 'failed ' .. (type(answer) == 'table' and answer.err or tostring(answer))
end
for _, channel in ipairs(inTurn) do
  if channel.changed then
    trim(channel, channel.count, channel.bytesMax, channel.ruleMs)
    writeChannel(channel, true)
  end
end
settle()
return reply(answers)
