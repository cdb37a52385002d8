// The list of nodes in a real Redis, when a node comes into it.
import { expect, test } from "bun:test"
import { readAddress } from "../../config/redis-address.ts"
import { Link } from "../../engines/redis/link.ts"
import { RedisProcess } from "../../../test/support/redis-servers.ts"
import type { NodeEntry } from "../nodes.ts"
import { Registry } from "./registry.ts"

const entryOf = (run: string): NodeEntry => ({
  run,
  name: run,
  address: `http://${run}:8080`,
  startedAt: 0,
  version: "0.1.0",
  clockOffsetMs: null,
  load: { connections: 0, users: 0, channels: 0, residentBytes: 0 },
})

test("a node is on the list from when it has begun: before, it could not say where it is called at", async () => {
  await using redis = await RedisProcess.start()
  const read = readAddress(redis.url)
  if ("wrong" in read) throw new Error(read.wrong)
  const link = new Link({ address: read.address, prefix: "laba" })
  await link.opened(10_000)
  const made = (run: string): Registry =>
    new Registry({
      ...{ link, leaseMs: 60_000, entry: () => entryOf(run) },
      ...{ onCame() {}, onGone() {}, onRenewed() {}, onClock() {} },
    })
  const first = made("first")
  const second = made("second")
  await first.begin()
  // As when Redis is back, or is reached for the first time, while the node still starts.
  await second.renew()
  await first.renew()
  expect(first.others).toEqual([])
  await second.begin()
  await first.renew()
  expect(first.others).toEqual(["second"])
  await second.leave()
  await first.leave()
  link.close()
})
