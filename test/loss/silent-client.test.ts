// A client that takes messages and never answers a ping is gone without a word, and is dropped although it is pushed to.
import { expect, test } from "bun:test"
import { headOf, publish } from "../support/publish.ts"
import { freshChannel, startServer } from "../support/server.ts"
import { rawWebSocket } from "../support/transports.ts"
import { framesIn, openRawWebSocket } from "../support/websocket-frames.ts"

test("[E5] drops a WebSocket that answers no ping while it is pushed to, and keeps one that does", async () => {
  await using server = await startServer({ limits: { heartbeatSeconds: 1 } })
  const channel = freshChannel()
  const url = server.base + channel
  await using silent = await openRawWebSocket(server.base, channel)
  await using healthy = await rawWebSocket.open(server.base, channel)
  let published = 0
  const giveUpAt = Date.now() + 40_000
  while (!silent.ended && Date.now() < giveUpAt) {
    await publish(url, String(published++))
    await Bun.sleep(100)
  }
  expect(silent.ended).toBeTrue()
  const frames = framesIn(silent.bytes)
  expect(frames.some((frame) => frame.opcode === 9)).toBeTrue()
  expect(frames.filter((frame) => frame.opcode === 1).length).toBeGreaterThan(5)
  await healthy.messages(published)
  expect((await headOf(url)).listeners).toBe(1)
}, 60_000)
