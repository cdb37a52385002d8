// A reader that stops and one that reads a byte a second, among a thousand fast ones: the thousand hear everything, the two
// are dropped, counted and told, and the server keeps no more for them than its bound. What it does to the thousand's
// latency is measured by `npm run bench -- slow-reader`.
import { expect, test } from "bun:test"
import { Crowd } from "../../bench/load/crowd.ts"
import { Publishing } from "../../bench/load/publishing.ts"
import { StarvedReader } from "../../bench/load/starved-reader.ts"
import { Tally } from "../../bench/load/tally.ts"
import { untilHeard } from "../../bench/load/waiting.ts"
import { residentBytesOf } from "../../bench/measure/process-cost.ts"
import { slowDropsOf } from "../../bench/measure/slow-drops.ts"
import { codes } from "../../wire/codes.ts"
import { startProcess } from "../support/process.ts"
import { headOf, publish } from "../support/publish.ts"

const fast = 1000
const path = "/crowd"
const messageBytes = 120
/** What the slow ones hear besides, to fill what the kernel takes for them: 2.5 to 6 MB. */
const fillerPath = "/filler"
const filler = "x".repeat(60 * 1024)
const outboxBytesMax = 1024 * 1024
/** Who answers no ping is dropped too, and for another reason: not within this test. */
const limits = { outboxBytesMax, drainSeconds: 0, heartbeatSeconds: 120 }
/** What a busy heap takes, whoever reads (10 MB on a quiet machine); and what two readers may have waiting at most. */
const memoryBytesMax = 56 * 1024 * 1024 + 2 * 4 * outboxBytesMax
/** Twice that for each of the slow ones: a server without a bound would have grown far beyond it. */
const fillersMax = Math.ceil((2 * memoryBytesMax) / filler.length)

test("drops a reader that stops and one that reads a byte a second, and only those, among a thousand", async () => {
  await using server = await startProcess({ config: { limits } })
  const { port, base } = server
  const tally = new Tally({ listeners: fast, publishers: 1, sampleEvery: fast })
  const crowd = await Crowd.open({
    port,
    way: "websocket",
    listeners: fast,
    pathOf: () => path,
    tally,
    messageBytes,
  })
  const starved = await Promise.all(
    [0, 1].map((bytesPerSecond) =>
      StarvedReader.open({ port, channels: [path, fillerPath], bytesPerSecond }),
    ),
  )
  expect(await slowDropsOf(base)).toBe(0)
  const before = residentBytesOf(server.serverPid)
  let most = before
  const publishing = await Publishing.open({
    port,
    publishers: 1,
    messageBytes,
    aim: (_, sent) => ({ path, number: sent }),
    onFault: (what) => tally.fault(what),
  })
  publishing.start()
  for (let fillers = 0; fillers < fillersMax && (await headOf(base + fillerPath)).listeners > 0; fillers++) {
    most = Math.max(most, residentBytesOf(server.serverPid))
    if (most - before >= memoryBytesMax) break
    await publish(base + fillerPath, filler)
    // Slow is who stands above the bound for a second.
    await Bun.sleep(20)
  }
  expect(most - before).toBeLessThan(memoryBytesMax)
  await publishing.stop()
  await untilHeard(tally, publishing.published * fast)
  tally.compareOrders(crowd.indexes)
  publishing.close()

  expect(tally.faults).toEqual([])
  expect(tally.deliveries).toBe(publishing.published * fast)
  expect(crowd.size).toBe(fast)
  expect(await slowDropsOf(base)).toBe(starved.length)
  expect((starved[1] as StarvedReader).dripped).toBeGreaterThan(0)
  for (const reader of starved)
    expect(await reader.lastWord()).toMatchObject({
      number: codes.slow.close,
      reason: expect.stringMatching(/^slow/),
    })
  crowd.close()
}, 180_000)
