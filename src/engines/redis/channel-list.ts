// The list of channels in Redis, page by page: partition after partition, in the order of names within each.
import { LabaError } from "../../../wire/error.ts"
import type { Channel } from "../../channels/channel.ts"
import { isReserved } from "../../channels/name.ts"
import type { ChannelInfo, ChannelsPage } from "../inventory.ts"
import type { RedisClient } from "../../redis/redis-client.ts"
import type { Partition, Partitions } from "./partitions.ts"

/** The place of `names` and of the stem of channels among the keys of a partition. */
const namesKey = 2
const channelStem = 7

/** One page, from where the one before it ended. Throws `bad_cursor`. */
export async function listChannels(
  redis: RedisClient,
  partitions: Partitions,
  from: string | null,
  limit: number,
): Promise<ChannelsPage> {
  let { index, after } = readNext(from, partitions.all.length)
  const channels: ChannelInfo[] = []
  for (; index < partitions.all.length; index++) {
    const partition = partitions.all[index] as Partition
    const wanted = limit - channels.length
    if (wanted === 0) return { channels, next: printNext(index, after) }
    const start = after === "" ? "-" : `(${after}`
    const names = (await redis.command(
      partition.tag,
      "ZRANGEBYLEX",
      partition.keys[namesKey] as string,
      start,
      "+",
      "LIMIT",
      0,
      wanted,
    )) as readonly Buffer[]
    // What nodes say to themselves is nobody's channel.
    const theirs = names.map(String).filter((name) => !isReserved(name))
    const found = await Promise.all(theirs.map((name) => entryOf(redis, partition, name as Channel)))
    for (const entry of found) if (entry) channels.push(entry)
    if (names.length === wanted) return { channels, next: printNext(index, String(names[wanted - 1])) }
    after = ""
  }
  return { channels, next: null }
}

/** Null when it was dropped meanwhile. */
async function entryOf(
  redis: RedisClient,
  partition: Partition,
  channel: Channel,
): Promise<ChannelInfo | null> {
  const key = `${partition.keys[channelStem]}${channel}`
  const state = await redis.command(partition.tag, "HGET", key, "state")
  if (state === null) return null
  const [epoch = "", head, first, bytes] = String(state).split(" ")
  const offset = Number(head)
  return { channel, tail: { epoch, offset }, kept: offset - Number(first) + 1, bytes: Number(bytes) }
}

const printNext = (index: number, after: string): string =>
  `${index.toString(36)}-${Buffer.from(after).toString("base64url")}`

function readNext(text: string | null, partitions: number): { index: number; after: string } {
  if (text === null) return { index: 0, after: "" }
  const [, index = "", after = ""] = /^([0-9a-z]{1,3})-([\w-]{0,400})$/.exec(text) ?? []
  const number = Number.parseInt(index, 36)
  if (number >= 0 && number < partitions)
    return { index: number, after: Buffer.from(after, "base64url").toString() }
  throw new LabaError(
    "bad_cursor",
    "A list goes on from `next` as it was received; this never came from here.",
  )
}
