// Very many messages in one POST, or in one frame of a WebSocket: others are served between them.
import { expect, test } from "bun:test"
import { freshSession, openSocket, poll, post } from "../support/sockjs-session.ts"
import { startSockJs } from "./services.ts"

/** Messages that say nothing, as many as so many bytes have room for, and one that is answered. */
const emptyThenConnect = (bytes: number): string =>
  JSON.stringify([
    ...Array<string>(Math.floor(bytes / 3)).fill(""),
    "CONNECT\naccept-version:1.2\nhost:x\n\n\0",
  ])

/** How often the loop came round until a promise was settled. */
async function turnsUntil(done: Promise<unknown>): Promise<number> {
  let isDone = false
  const settled = done.finally(() => (isDone = true))
  let turns = 0
  while (!isDone) {
    await new Promise((resolve) => setImmediate(resolve))
    turns++
  }
  await settled
  return turns
}

test("[J5] messages of one POST are carried out in many turns", async () => {
  await using server = await startSockJs()
  const session = freshSession(`${server.base}/websocket`)
  expect(await poll(session)).toBe("o\n")
  const connected = (async () => {
    expect((await post(`${session}/xhr_send`, emptyThenConnect(500_000))).status).toBe(204)
    expect(await poll(session)).toContain("CONNECTED")
  })()
  expect(await turnsUntil(connected)).toBeGreaterThan(1000)
})

test("[J3] messages of one frame are carried out in many turns", async () => {
  await using server = await startSockJs()
  await using one = await openSocket(`${freshSession(`${server.base}/websocket`)}/websocket`)
  one.send(emptyThenConnect(300_000))
  const connected = (async () => {
    while (!(await one.frames.next()).includes("CONNECTED"));
  })()
  expect(await turnsUntil(connected)).toBeGreaterThan(1000)
})

test("[J5] a client that has sent thousands of messages may send the next at once", async () => {
  await using server = await startSockJs()
  const session = freshSession(`${server.base}/live`)
  await poll(session)
  const pings = JSON.stringify(Array<string>(3000).fill('{"op":"ping","ref":1}'))
  expect((await post(`${session}/xhr_send`, pings)).status).toBe(204)
  expect((await post(`${session}/xhr_send`, '["{\\"op\\":\\"ping\\",\\"ref\\":2}"]')).status).toBe(204)
})
