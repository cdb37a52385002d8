#!lua flags=allow-oom
-- What came after a position, oldest first.
-- ARGV: 2 channel, 3 epoch, 4 offset, 5-7 the rule (count, bytes, ms), 8 messages and 9 bytes of payload at most.
local channel = readChannel(ARGV[2])
local count, after = tonumber(ARGV[5]), tonumber(ARGV[4])
if trim(channel, count, tonumber(ARGV[6]), tonumber(ARGV[7])) then writeChannel(channel, true) end
settle()
local tail = whole(channel.head)
if count == 0 then return reply({ 'no-history', channel.epoch, tail }) end
if ARGV[3] ~= channel.epoch or after > channel.head then return reply({ 'epoch', channel.epoch, tail }) end
if after + 1 < channel.first then return reply({ 'trimmed', channel.epoch, tail }) end

local answer = { 'page', channel.epoch, tail }
local left, budget = tonumber(ARGV[8]), tonumber(ARGV[9])
local offset, bytes = after, 0
while left > 0 and offset < channel.head do
  local entries = redis.call('XRANGE', channel.log, whole(offset + 1) .. '-0', '+', 'COUNT', math.min(left, 64))
  if #entries == 0 then return reply({ 'trimmed', channel.epoch, tail }) end
  for _, entry in ipairs(entries) do
    -- A hole in what is stored, whoever made it, is never handed on as if it were none.
    if entry[1] ~= whole(offset + 1) .. '-0' then return reply({ 'trimmed', channel.epoch, tail }) end
    local record = entry[2][2]
    bytes = bytes + tonumber(string.match(record, '^%d+ (%d+) '))
    if offset > after and bytes > budget then return reply(answer) end
    answer[#answer + 1] = record
    offset = offset + 1
    left = left - 1
  end
end
return reply(answer)
