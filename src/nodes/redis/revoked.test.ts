// Revocations that were told while this node did not hear, with Redis in the test's hands.
import { expect, test } from "bun:test"
import type { Link } from "../../engines/redis/link.ts"
import type { RedisListener } from "../../engines/redis/ear.ts"
import type { Revocation } from "../nodes.ts"
import { Revoked } from "./revoked.ts"

test("what was told while nobody heard is read when Redis takes commands again", async () => {
  const taken: Revocation[] = []
  const told: Revocation = { user: "eve", atMs: 1 }
  const redis = { isAway: true, reads: 0 }
  let ear: RedisListener | null = null
  const link = {
    key: () => "all",
    listen: (_tag: string, _name: string, listener: RedisListener) => void (ear = listener),
    async run() {
      redis.reads++
      if (redis.isAway) throw new Error("away")
      return [JSON.stringify(told)]
    },
  } as unknown as Link
  const revoked = new Revoked({
    link,
    lifetimeMaxMs: () => 60_000,
    take: (revocation) => void taken.push(revocation),
    held: () => [],
  })
  const listener = ear as unknown as RedisListener
  // One connection is there before the other.
  listener.joined()
  await Bun.sleep(0)
  redis.isAway = false
  revoked.mend()
  await Bun.sleep(0)
  expect(taken).toEqual([told])
  revoked.mend()
  await Bun.sleep(0)
  expect(redis.reads).toBe(2)
})
