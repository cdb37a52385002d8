#!lua flags=allow-oom
-- Decides whether the numbering goes on after Redis was restarted: when all that any node saw of it is there. Each node asks
-- every second, and holds a lease by that. Runs by itself: what the others share would judge before the nodes have spoken.
-- KEYS: 1 ledger, 2 lives, 3 voters (nodes by when they asked last), 4 votes (nodes that saw nothing that is missing).
-- ARGV: 1 a generation to begin, should one have to; 2 this node; 3 the life of Redis that it knows, '' for none; 4 the
-- greatest count that it saw there; 5 the generation that this was in; 6 the life in which it has voted already, '' for none;
-- 7 a lease in ms; 8 '1' when it leaves.
-- Answers `settled` or `waiting`, the life, the generation and the count.
--
-- What is restored is always a beginning of what there was, so a count that is there says that all before it is, too.
local ledger, lives, voters, votes = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local fresh, self, knownLife, seen = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local knownGeneration, votedIn = ARGV[5], ARGV[6]
local leaseMs, leaves = tonumber(ARGV[7]), ARGV[8] == '1'

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local replication = redis.call('INFO', 'replication')
local life = string.match(replication, 'master_replid:(%w+)')
local known = redis.call('HMGET', ledger, 'generation', 'replid', 'count', 'asking', 'deadline', 'replicas', 'before', 'restored')
local generation, settledLife, count = known[1], known[2], tonumber(known[3] or '0')
local asking, deadline, hadReplicas = known[4], tonumber(known[5] or '0'), known[6] == '1'
local before, restored = known[7], tonumber(known[8] or '0')

local hasSaid = knownLife == '' or votedIn == life

-- `from`: the life that this one goes on from, '' when it begins anew.
local function settle(from)
  redis.call('HSET', ledger, 'generation', generation, 'replid', life, 'before', from, 'restored', count)
  redis.call('HDEL', ledger, 'asking', 'deadline', 'replicas')
  redis.call('DEL', votes)
  settledLife = life
end

local function beginAnew()
  generation = fresh
  redis.call('DEL', lives)
  settle('')
end

if not generation then
  beginAnew()
elseif settledLife == life then
  -- A node that comes late, after the others have agreed without it. What it saw of another generation is reset already.
  local isOfBefore = knownLife == before or votedIn == before
  local isMissing = knownLife ~= life and not (isOfBefore and seen <= restored)
  if not hasSaid and knownGeneration == generation and isMissing then beginAnew() end
elseif hadReplicas then
  -- This may be a replica in the master's place. What it lacks the old master may have announced.
  beginAnew()
else
  if asking ~= life then
    deadline = now + leaseMs
    redis.call('DEL', votes)
    redis.call('HSET', ledger, 'asking', life, 'deadline', string.format('%d', deadline))
  end
  -- Another generation: what is restored is from before it began. Who voted in the life before this one and has not heard
  -- the outcome missed nothing until then.
  local isSame = knownGeneration == generation and (knownLife == settledLife or votedIn == settledLife)
  if not hasSaid and (not isSame or seen > count) then
    beginAnew()
  else
    if knownLife ~= '' then redis.call('HSET', votes, self, 1) end
    local isComplete = true
    for _, node in ipairs(redis.call('ZRANGE', voters, 0, -1)) do
      if redis.call('HEXISTS', votes, node) == 0 then isComplete = false end
    end
    if isComplete then settle(settledLife) elseif now >= deadline then beginAnew() end
  end
end

if settledLife ~= life then return { 'waiting', life, generation, tostring(count) } end
if tonumber(string.match(replication, 'connected_slaves:(%d+)') or '0') > 0 then
  redis.call('HSET', ledger, 'replicas', '1')
end
if leaves then
  redis.call('ZREM', voters, self)
else
  redis.call('ZADD', voters, string.format('%d', now), self)
  redis.call('ZREMRANGEBYSCORE', voters, '-inf', string.format('%d', now - leaseMs))
end
return { 'settled', life, generation, string.format('%d', count) }
