// Revocations that were told while this node was not subscribed, with Redis in the test's hands.
import { expect, test } from "bun:test"
import type { RedisClient } from "../../redis/redis-client.ts"
import type { RedisSubscriber } from "../../redis/redis-subscriptions.ts"
import type { Revocation } from "../nodes.ts"
import { SharedRevocations } from "./shared-revocations.ts"

test("what was told while nobody received it is read when Redis takes commands again", async () => {
  const taken: Revocation[] = []
  const told: Revocation = { user: "eve", atMs: 1 }
  const server = { isAway: true, reads: 0 }
  let subscriber: RedisSubscriber | null = null
  const redis = {
    key: () => "all",
    subscribe: (_tag: string, _name: string, one: RedisSubscriber) => void (subscriber = one),
    async run() {
      server.reads++
      if (server.isAway) throw new Error("away")
      return [JSON.stringify(told)]
    },
  } as unknown as RedisClient
  const revocations = new SharedRevocations({
    redis,
    local: {
      lifetimeMaxMs: 60_000,
      apply: (revocation) => void taken.push(revocation),
      all: () => [],
    },
  })
  const { subscribed } = subscriber as unknown as RedisSubscriber
  // One connection is there before the other.
  subscribed()
  await Bun.sleep(0)
  server.isAway = false
  revocations.mend()
  await Bun.sleep(0)
  expect(taken).toEqual([told])
  revocations.mend()
  await Bun.sleep(0)
  expect(server.reads).toBe(2)
})
