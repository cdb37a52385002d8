// Two nodes that tell each other who is there, over a real Redis, and what one of them may miss.
import { expect, test } from "bun:test"
import { readAddress } from "../../config/redis-address.ts"
import { RedisClient } from "../../redis/redis-client.ts"
import { RedisProcess, until } from "../../../test/support/redis-servers.ts"
import type { Channel } from "../../channels/channel.ts"
import { PresenceRegistry } from "../presence/presence-registry.ts"
import type { PresenceSubscriber } from "../presence/presence.ts"
import { RedisPresenceExchange, type RedisPresenceExchangeOptions } from "./presence-exchange.ts"

const room = "/room" as Channel

/** A node with nothing but presence. Whoever leaves is gone at once. */
async function openNode(url: string, self: string, more: Partial<RedisPresenceExchangeOptions> = {}) {
  const read = readAddress(url)
  if ("wrong" in read) throw new Error(read.wrong)
  const redis = new RedisClient({ address: read.address, prefix: "laba" })
  await redis.opened(10_000)
  const exchange = new RedisPresenceExchange({
    redis,
    self,
    others: () => ["a", "b"].filter((name) => name !== self),
    ...more,
  })
  const presence = new PresenceRegistry({ node: self, keeps: () => true, exchange, graceMs: 0 })
  return {
    redis,
    presence,
    async [Symbol.asyncDispose]() {
      presence.stop()
      exchange.stop()
      redis.close()
    },
  }
}

function subscribe(presence: PresenceRegistry) {
  const told: string[] = []
  const subscriber: PresenceSubscriber = {
    changed: (_, { joined, left }) =>
      void told.push(...joined.map(({ user }) => `${user} came`), ...left.map((user) => `${user} left`)),
  }
  return { told, subscribed: presence.subscribe(room, subscriber, 10) }
}

test("[R2] who subscribes is told of who comes after the room was empty for so long that its node forgot it", async () => {
  await using redis = await RedisProcess.start()
  await using a = await openNode(redis.url, "a")
  await using b = await openNode(redis.url, "b", { refreshMs: 50 })
  const { told, subscribed } = subscribe(a.presence)
  await subscribed
  // More than once, so that numbers that began again would be far behind.
  for (const user of ["ann", "bob", "cid"]) {
    const handle = b.presence.join(room, user)
    await until(() => told.at(-1) === `${user} came`, user)
    handle?.leave()
    await until(() => told.at(-1) === `${user} left`, `${user} to leave`)
  }
  // Two refreshes or more of a node on which nobody is.
  await Bun.sleep(400)
  expect([...b.presence.channels()]).toEqual([])
  b.presence.join(room, "dan")
  await until(() => told.at(-1) === "dan came", "dan")
}, 30_000)

test("[R2] a node that missed what was said notices by itself", async () => {
  await using redis = await RedisProcess.start()
  await using a = await openNode(redis.url, "a", { reviewSeconds: 1 })
  await using b = await openNode(redis.url, "b")
  const { told, subscribed } = subscribe(a.presence)
  await subscribed
  b.presence.join(room, "ann")
  await until(() => told.at(-1) === "ann came", "ann")
  // Said, and received by nobody.
  const key = b.redis.key(room, "presence:b")
  await redis.command("HSET", key, "@bob", Date.now(), "number", 7)
  await until(() => told.at(-1) === "bob came", "bob")
}, 30_000)
