// Channels that are listened to no longer, with Redis in the test's hands.
import { expect, test } from "bun:test"
import type { Channel } from "../../channels/channel.ts"
import type { Partition } from "./partitions.ts"
import type { RedisStore } from "./redis-store.ts"
import { UnlistenedChannels } from "./unlistened-channels.ts"

test("a channel that is listened to again while others are given up is not given up behind it", async () => {
  const listened = new Set<string>()
  const left: string[] = []
  const first = Promise.withResolvers<void>()
  const unlistened = new UnlistenedChannels({
    store: {
      partitions: {
        of: (channel: Channel) => ({ tag: channel, keys: [] }) as Partition,
      } as RedisStore["partitions"],
      async leave(_partition, channels) {
        left.push(...channels)
        if (left.length === 1) await first.promise
      },
    },
    isListenedTo: (channel) => listened.has(channel),
  })
  for (const channel of ["/a", "/b", "/c"]) unlistened.add(channel as Channel)
  await new Promise<void>((resolve) => void setImmediate(resolve))
  expect(left).toEqual(["/a"])
  listened.add("/b")
  first.resolve()
  await Bun.sleep(0)
  expect(left).toEqual(["/a", "/c"])
})
