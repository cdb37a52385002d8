// The list of nodes in a real Redis, when a node comes into it.
import { expect, test } from "bun:test"
import { readAddress } from "../../config/redis-address.ts"
import { RedisClient } from "../../redis/redis-client.ts"
import { RedisProcess } from "../../../test/support/redis-servers.ts"
import type { NodeInfo } from "../nodes.ts"
import { NodeRegistry } from "./node-registry.ts"

const infoOf = (run: string): NodeInfo => ({
  run,
  name: run,
  address: `http://${run}:8080`,
  startedAt: 0,
  version: "0.1.0",
  clockOffsetMs: null,
  load: { connections: 0, users: 0, channels: 0, residentBytes: 0 },
})

const quiet = { joined() {}, left() {}, renewed() {} }

test("a node is on the list from when it has begun: before, it could not say where it is called at", async () => {
  await using server = await RedisProcess.start()
  const read = readAddress(server.url)
  if ("wrong" in read) throw new Error(read.wrong)
  const redis = new RedisClient({ address: read.address, prefix: "laba" })
  await redis.opened(10_000)
  const made = (run: string): NodeRegistry =>
    new NodeRegistry({ redis, leaseMs: 60_000, info: () => infoOf(run), onClock() {} })
  const first = made("first")
  const second = made("second")
  await first.begin(quiet)
  // As when Redis is back, or is reached for the first time, while the node still starts.
  await second.renew()
  await first.renew()
  expect(first.others).toEqual([])
  await second.begin(quiet)
  await first.renew()
  expect(first.others).toEqual(["second"])
  await second.leave()
  await first.leave()
  redis.close()
})
