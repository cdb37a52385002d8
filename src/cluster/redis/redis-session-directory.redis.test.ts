// Where sessions live, in a real Redis.
import { afterAll, beforeAll, expect, test } from "bun:test"
import { eventually } from "../../../test/support/eventually.ts"
import { RedisProcess } from "../../../test/support/redis-servers.ts"
import { readAddress } from "../../config/redis-address.ts"
import { RedisClient } from "../../redis/redis-client.ts"
import { RedisSessionDirectory } from "./redis-session-directory.ts"

let server: RedisProcess
let redis: RedisClient
beforeAll(async () => {
  server = await RedisProcess.start()
  const read = readAddress(server.url)
  if ("wrong" in read) throw new Error(read.wrong)
  redis = new RedisClient({ address: read.address, prefix: "laba" })
  await redis.opened(10_000)
})
afterAll(async () => {
  redis.close()
  await server[Symbol.asyncDispose]()
})

const minuteMs = 60_000

function start(self: string) {
  const clock = { nowMs: 0 }
  const directory = new RedisSessionDirectory({ redis, self, now: () => clock.nowMs })
  return { directory, clock }
}

test("the first who asks has a name, until it is given back", async () => {
  const { directory: one } = start("one")
  const { directory: other } = start("other")
  expect(await one.find("n")).toBeNull()
  const owners = await Promise.all([one.claim("n", "one-1", null), other.claim("n", "other-1", null)])
  expect(new Set(owners).size).toBe(1)
  const owner = String(owners[0])
  expect([await one.find("n"), await other.find("n")]).toEqual([owner, owner])
  other.release("n", "no-such")
  expect(await one.find("n")).toBe(owner)
  one.release("n", "one-1")
  other.release("n", "other-1")
  await eventually(async () => expect(await one.find("n")).toBeNull())
})

test("what has gone gives way: what a node had itself, and what it knows to be gone, but nothing that came meanwhile", async () => {
  const { directory: one } = start("one")
  const { directory: other } = start("other")
  await one.claim("m", "one-1", null)
  expect(await one.claim("m", "one-2", null)).toBe("one-2")
  expect(await other.claim("m", "other-1", "one-1")).toBe("one-2")
  expect(await other.claim("m", "other-1", "one-2")).toBe("other-1")
  // A run whose name begins as another's is another run.
  expect(await start("oth").directory.claim("m", "oth-1", null)).toBe("other-1")
})

test("a name is kept by being written anew, at once where Redis may have lost it, and not after it was given back", async () => {
  const { directory, clock } = start("kept")
  await directory.claim("stays", "kept-1", null)
  await directory.claim("goes", "kept-2", null)
  directory.release("goes", "kept-2")
  const forgotten = async (): Promise<void> => {
    await server.flush()
    expect(await directory.find("stays")).toBeNull()
  }
  await forgotten()
  clock.nowMs = minuteMs
  directory.renewed(true)
  expect(await directory.find("stays")).toBeNull()
  directory.renewed(false)
  await eventually(async () => expect(await directory.find("stays")).toBe("kept-1"))
  await forgotten()
  clock.nowMs = 7 * minuteMs
  directory.renewed(true)
  await eventually(async () => expect(await directory.find("stays")).toBe("kept-1"))
  expect(await directory.find("goes")).toBeNull()
})
