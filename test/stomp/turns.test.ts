// What one client sends at once is handled in many turns of the loop: others come between.
import { expect, test } from "bun:test"
import { startServer } from "../support/server.ts"
import { openStompTcp } from "../support/stomp.ts"

test("[T3] a packet of thousands of frames is handled in many turns, in order", async () => {
  await using server = await startServer({ stomp: { tcp: 0 } })
  await using client = await openStompTcp(server.laba.stompPort as number)
  await client.connect()
  let turns = 0
  let isOver = false
  const count = (): void => {
    turns++
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  const frames = 2000
  const text = Array.from(
    { length: frames },
    (_, at) => `BEGIN\ntransaction:t\nreceipt:${at}\n\n\0ABORT\ntransaction:t\n\n\0`,
  ).join("")
  client.sendRaw(text)
  for (let at = 0; at < frames; at++)
    expect((await client.frame("RECEIPT")).headers["receipt-id"]).toBe(String(at))
  isOver = true
  expect(turns).toBeGreaterThan(20)
})
