// Channels that are listened to no longer, with Redis in the test's hands.
import { expect, test } from "bun:test"
import type { Channel } from "../../channels/channel.ts"
import type { Partition } from "./partitions.ts"
import type { Store } from "./store.ts"
import { UnlistenedChannels } from "./unlistened-channels.ts"

test("who listens again while others are told of is not told of behind it", async () => {
  const heard = new Set<string>()
  const told: string[] = []
  const first = Promise.withResolvers<void>()
  const unlistened = new UnlistenedChannels({
    store: {
      partitions: {
        of: (channel: Channel) => ({ tag: channel, keys: [] }) as Partition,
      } as Store["partitions"],
      async leave(_partition, channels) {
        told.push(...channels)
        if (told.length === 1) await first.promise
      },
    },
    isHeard: (channel) => heard.has(channel),
  })
  for (const channel of ["/a", "/b", "/c"]) unlistened.add(channel as Channel)
  await new Promise<void>((resolve) => void setImmediate(resolve))
  expect(told).toEqual(["/a"])
  heard.add("/b")
  first.resolve()
  await Bun.sleep(0)
  expect(told).toEqual(["/a", "/c"])
})
