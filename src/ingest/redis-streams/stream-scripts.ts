// What happens to a group of a Redis stream, each script one step inside Redis.
//
// One node reads a group at a time, and Redis itself holds the others off: each reader is a consumer with a number, and a
// reader whose number is not the highest gets nothing. So a node that slept, with a read under way, takes nothing from the
// node that followed it. What tells this stream from one made anew under its name is a consumer too, made with the group
// and gone with it.
import { defineScript } from "../../redis/script.ts"

/** Begins the names of the consumers that are readers; their number follows, then the client's name. */
const readers = "laba:reader:"

/** Begins the name of the consumer that says which stream this is. It never reads. */
const identities = "laba:stream:"

/**
 * KEYS: the stream. ARGV: group, where one made now begins (behind an id only if this stream has come so far, else at its start), `1` to make a stream that is not there, the client's name, a new identity.
 * Makes us the reader. Answers `missing`, or `reader`, our consumer, its number, the stream's identity, the last id that was read,
 * how many were read (-1: unknown). Throws what Redis says of a key that is no stream.
 */
export const takeOverScript = defineScript(
  "stream-take-over",
  `local key, group = KEYS[1], ARGV[1]
if redis.call('EXISTS', key) == 0 and ARGV[3] ~= '1' then return { 'missing' } end
local from = ARGV[2]
if string.find(from, '-', 1, true) and redis.call('EXISTS', key) == 1 then
  local facts = redis.call('XINFO', 'STREAM', key)
  for i = 1, #facts, 2 do
    if facts[i] == 'last-generated-id' and padded(facts[i + 1]) < padded(from) then from = '0' end
  end
end
local made = redis.pcall('XGROUP', 'CREATE', key, group, from, 'MKSTREAM')
if made.err and not string.find(made.err, 'BUSYGROUP') then return made end
local identity, number = nil, 0
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', key, group)) do
  local name, pending = consumer[2], consumer[4]
  if string.find(name, '${identities}', 1, true) == 1 then identity = name end
  local its = string.match(name, '^${readers}(%d+):')
  if its then
    number = math.max(number, tonumber(its))
    if pending == 0 then redis.call('XGROUP', 'DELCONSUMER', key, group, name) end
  end
end
if not identity then
  identity = '${identities}' .. ARGV[5]
  redis.call('XGROUP', 'CREATECONSUMER', key, group, identity)
end
local reader = string.format('${readers}%d:%s', number + 1, ARGV[4])
redis.call('XGROUP', 'CREATECONSUMER', key, group, reader)
local last, read = '0-0', -1
for _, facts in ipairs(redis.call('XINFO', 'GROUPS', key)) do
  local of = {}
  for i = 1, #facts, 2 do of[facts[i]] = facts[i + 1] end
  if of.name == group then
    last = of['last-delivered-id']
    read = of['entries-read'] or -1
  end
end
return { 'reader', reader, number + 1, identity, last, read }`,
  `local function padded(id)
  local time, sequence = string.match(id, '(%d+)%-(%d+)')
  return string.rep('0', 20 - #time) .. time .. string.rep('0', 20 - #sequence) .. sequence
end
`,
)

/** Answers what our standing is: `reader`, `replaced` by another, `gone` when the group or its stream is. */
const standing = `local function standing(key, group, number, identity)
  local consumers = redis.pcall('XINFO', 'CONSUMERS', key, group)
  if consumers.err then return 'gone' end
  local known = false
  for _, consumer in ipairs(consumers) do
    if consumer[2] == identity then known = true end
    local its = string.match(consumer[2], '^${readers}(%d+):')
    if its and tonumber(its) > number then return 'replaced' end
  end
  return known and 'reader' or 'gone'
end
local function sizeOf(entry)
  local bytes = 0
  for _, text in ipairs(entry[2]) do bytes = bytes + #text end
  return bytes
end
`

/**
 * KEYS: the stream. ARGV: group, our consumer, its number, the stream's identity, the most entries, and bytes after which no more are read.
 * Answers our standing, the entries, whether more may be there, how many were ever added, and how many of the stream had been
 * removed before the first of these entries; -1 where an older one is still there.
 */
export const readScript = defineScript(
  "stream-read",
  `local key, group = KEYS[1], ARGV[1]
local is = standing(key, group, tonumber(ARGV[3]), ARGV[4])
if is ~= 'reader' then return { is } end
local stream = {}
local facts = redis.call('XINFO', 'STREAM', key)
for i = 1, #facts, 2 do stream[facts[i]] = facts[i + 1] end
local countMax, bytesMax = tonumber(ARGV[5]), tonumber(ARGV[6])
local entries, bytes, more = {}, 0, 1
-- From one on: entries may be large.
local step = 1
while #entries < countMax and bytes < bytesMax do
  local count = math.min(step, countMax - #entries)
  step = math.min(32, step * 2)
  local reply = redis.call('XREADGROUP', 'GROUP', group, ARGV[2], 'COUNT', count, 'STREAMS', key, '>')
  local read = reply and reply[1][2] or {}
  for _, entry in ipairs(read) do
    entries[#entries + 1] = entry
    bytes = bytes + sizeOf(entry)
  end
  if #read < count then
    more = 0
    break
  end
end
local added, removed = stream['entries-added'], -1
local first = stream['first-entry']
if first and entries[1] and entries[1][1] == first[1] then removed = added - stream['length'] end
return { is, entries, more, added, removed }`,
  standing,
)

/**
 * KEYS: the stream. ARGV: as above, with the id from which on to look behind. Takes what other consumers, or we, were given and never
 * acknowledged, oldest first. Answers our standing, the entries, the ids of those that are not in the stream any more, and the id to
 * go on from: `0-0` when that was all.
 */
export const claimScript = defineScript(
  "stream-claim",
  `local key, group = KEYS[1], ARGV[1]
local is = standing(key, group, tonumber(ARGV[3]), ARGV[4])
if is ~= 'reader' then return { is } end
local countMax, bytesMax, from = tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]
local entries, removed, bytes = {}, {}, 0
local step = 1
repeat
  local count = math.min(step, countMax - #entries)
  step = math.min(32, step * 2)
  local reply = redis.call('XAUTOCLAIM', key, group, ARGV[2], 0, from, 'COUNT', count)
  from = reply[1]
  for _, entry in ipairs(reply[2]) do
    entries[#entries + 1] = entry
    bytes = bytes + sizeOf(entry)
  end
  for _, id in ipairs(reply[3]) do removed[#removed + 1] = id end
until from == '0-0' or #entries >= countMax or #removed >= countMax or bytes >= bytesMax
return { is, entries, removed, from }`,
  standing,
)

/** KEYS: the stream. ARGV: group. Answers how many wait: not read yet, and read and not acknowledged; -1 when Redis does not know. */
export const lagScript = defineScript(
  "stream-lag",
  `for _, facts in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local of = {}
  for i = 1, #facts, 2 do of[facts[i]] = facts[i + 1] end
  if of.name == ARGV[1] then return of.lag and of.lag + of.pending or -1 end
end
return -1`,
)
