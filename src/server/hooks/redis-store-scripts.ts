// What happens to hooks' notifications inside Redis, each script one step. A run of a node has a lease, under which its notifications are
// its own, and a generation: its number grows whenever another node has taken over what the run had left.
import { defineScript, redisClock } from "../../redis/script.ts"

/**
 * KEYS: leases, generations, generations to be forgotten, when anybody renewed last, what this run keeps. ARGV: run, lease in ms, its
 * generation as it knows it, how the keys of what runs keep begin, the most to take over, how long a generation is kept in ms.
 *
 * Answers `kept`, `taken` (others have taken over what was left) or `forgotten` (Redis knows nothing of this run), its
 * generation, the replication id of this Redis, then ids and notifications taken over from a run whose lease has run out.
 *
 * Nobody's lease runs out in an outage: when nobody has renewed for half a lease, everybody gets a whole one to come back.
 */
export const renewScript = defineScript(
  "hooks-renew",
  `local lease = tonumber(ARGV[2])
local last = redis.call('HMGET', KEYS[4], 'renewed', 'amnesty')
local amnesty = tonumber(last[2] or 0)
if now - tonumber(last[1] or 0) > lease / 2 then
  amnesty = now + lease
  redis.call('HSET', KEYS[4], 'amnesty', amnesty)
end
redis.call('HSET', KEYS[4], 'renewed', now)
redis.call('ZADD', KEYS[1], now + lease, ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
local generation = redis.call('HGET', KEYS[2], ARGV[1])
local status = 'kept'
if not generation then
  generation = ARGV[3]
  redis.call('HSET', KEYS[2], ARGV[1], generation)
  status = 'forgotten'
elseif generation ~= ARGV[3] then
  status = 'taken'
end
local replicationId = string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)') or ''
local reply = { status, generation, replicationId }
if now < amnesty then return reply end
for _, old in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now, 'LIMIT', 0, 100)) do
  redis.call('HDEL', KEYS[2], old)
  redis.call('ZREM', KEYS[3], old)
end
local dead = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. now, 'LIMIT', 0, 1)[1]
if not dead then return reply end
redis.call('HINCRBY', KEYS[2], dead, 1)
redis.call('ZADD', KEYS[3], now + ARGV[6], dead)
local left = ARGV[4] .. dead
local fields = redis.call('HRANDFIELD', left, ARGV[5], 'WITHVALUES')
for i = 1, #fields, 2 do
  redis.call('HSET', KEYS[5], fields[i], fields[i + 1])
  redis.call('HDEL', left, fields[i])
  reply[#reply + 1] = fields[i]
  reply[#reply + 1] = fields[i + 1]
end
if redis.call('EXISTS', left) == 0 then redis.call('ZREM', KEYS[1], dead) end
return reply`,
  redisClock,
)

/** KEYS: generations, what this run keeps. ARGV: run, its generation, ids and notifications. Answers 0, and does nothing, in another generation. */
export const putScript = defineScript(
  "hooks-put",
  `if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
return 1`,
)

/**
 * KEYS: generations, what this run keeps, who listens to the channel. ARGV: run, its generation, the will's id and the will, id and notification
 * of `occupied` or ''. Answers what the run is among those who listen, and when; nothing in another generation.
 */
export const enterScript = defineScript(
  "hooks-enter",
  `if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return false end
local is = redis.call('EXISTS', KEYS[3]) == 0 and 'first' or 'among'
redis.call('SADD', KEYS[3], ARGV[3])
redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
if is == 'first' and ARGV[5] ~= '' then redis.call('HSET', KEYS[2], ARGV[5], ARGV[6]) end
return { is, now }`,
  redisClock,
)

/**
 * KEYS: as above. ARGV: run, its generation, the will's id, what is to be told when it is the last. Answers what it was among those
 * who listened, and when; nothing in another generation.
 */
export const vacateScript = defineScript(
  "hooks-vacate",
  `if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return false end
if redis.call('SREM', KEYS[3], ARGV[3]) == 0 then return { 'unknown', now } end
if redis.call('EXISTS', KEYS[3]) == 1 then
  redis.call('HDEL', KEYS[2], ARGV[3])
  return { 'among', now }
end
redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
return { 'last', now }`,
  redisClock,
)

/** KEYS: leases, generations, what this run keeps. ARGV: run. The run ends: with nothing left to be told nobody looks for it. */
export const leaveScript = defineScript(
  "hooks-leave",
  `if redis.call('EXISTS', KEYS[3]) == 1 then return 0 end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
return 1`,
)
