// A session that sends commands and never reads their answers. Its channel skips (`slow: latest`), which saves it from being
// slow by the channel's messages, and by nothing else.
import { expect, test } from "bun:test"
import type { ClientFrame, ServerFrame } from "../../wire/frames.ts"
import { RawConnection } from "../support/raw-tcp.ts"
import { freshChannel, type OwnServer, startServer } from "../support/server.ts"

const outboxBytesMax = 64 * 1024

const startSkipping = (): Promise<OwnServer> =>
  startServer({ limits: { outboxBytesMax }, channels: { "/**": { slow: "latest" } } })

/** Commands whose answers are long: about 330 bytes each. */
const commands = JSON.stringify(
  Array.from({ length: 64 }, (): ClientFrame => ({
    op: "unsubscribe",
    ref: "r".repeat(64),
    channel: `/${"c".repeat(200)}`,
  })),
)

const send = async (url: string, body: string): Promise<number> =>
  (await fetch(url, { method: "POST", body })).status

/** Sends commands until the session is gone; answers how many times. More than `max` is no end. */
async function sendUntilGone(url: string, max: number): Promise<number> {
  for (let sent = 0; sent < max; sent++) {
    const status = await send(url, commands)
    if (status === 410) return sent
    if (status !== 202) await Bun.sleep(5)
  }
  return max
}

const subscribe = (channel: string): string => JSON.stringify({ op: "subscribe", ref: 1, channel })

test("[N9] a polled session is ended by its own unread answers, though its channel skips", async () => {
  await using server = await startSkipping()
  const opened = await fetch(`${server.base}/_/session`, { method: "POST" })
  const [hello] = ((await opened.json()) as { frames: (ServerFrame & { op: "hello" })[] }).frames
  const url = `${server.base}/_/session/${hello?.connection}`
  expect(await send(url, subscribe(freshChannel()))).toBe(202)
  // Each brings about 21 KB, and two outboxes are all that may wait.
  for (let sent = 0; sent < 20; sent++) await send(url, commands)
  const { frames } = (await (await fetch(`${url}?ack=1`)).json()) as { frames: ServerFrame[] }
  expect(frames).toMatchObject([{ op: "error", code: "slow", retry: "at-once" }])
  expect((await fetch(`${url}?ack=1000000`)).status).not.toBe(200)
})

test("[N9] acknowledging a little at a time does not let more than that wait", async () => {
  await using server = await startSkipping()
  const opened = await fetch(`${server.base}/_/session`, { method: "POST" })
  const [hello] = ((await opened.json()) as { frames: (ServerFrame & { op: "hello" })[] }).frames
  const url = `${server.base}/_/session/${hello?.connection}`
  expect(await send(url, subscribe(freshChannel()))).toBe(202)
  let last: ServerFrame | undefined
  for (let ack = 1; ack < 40 && last?.op !== "error"; ack++) {
    await send(url, commands)
    const answer = await fetch(`${url}?ack=${ack}`)
    last = ((await answer.json()) as { frames: ServerFrame[] }).frames.at(-1)
  }
  expect(last).toMatchObject({ op: "error", code: "slow" })
})

test("[N9] a streamed session is ended by its own unread answers, though its channel skips", async () => {
  await using server = await startSkipping()
  await using stream = await RawConnection.open(server.base)
  stream.request("GET /_/session", [`Host: ${new URL(server.base).host}`, "Accept: text/event-stream"])
  const id = await stream.until(() => /"connection":"([^"]+)"/.exec(stream.text)?.[1] ?? null)
  stream.stall()
  const url = `${server.base}/_/session/${id}`
  expect(await send(url, subscribe(freshChannel()))).toBe(202)
  // The kernel takes a few megabytes for a reader before anything waits in the server.
  const sent = await sendUntilGone(url, 2000)
  expect(sent).toBeLessThan(2000)
}, 60_000)

test("[N6] what waits for a slow application is bounded in bytes, not in commands alone", async () => {
  let answer = (): void => {}
  const asked = new Promise<void>((resolve) => (answer = resolve))
  await using server = await startServer({ onSubscribe: () => asked })
  const opened = await fetch(`${server.base}/_/session`, { method: "POST" })
  const [hello] = ((await opened.json()) as { frames: (ServerFrame & { op: "hello" })[] }).frames
  const url = `${server.base}/_/session/${hello?.connection}`
  expect(await send(url, subscribe(freshChannel()))).toBe(202)
  const large = JSON.stringify({ op: "publish", ref: 2, channel: "/a", data: "x".repeat(500_000) })
  expect([await send(url, large), await send(url, large), await send(url, large)]).toEqual([202, 202, 429])
  answer()
  // Done with, they make room.
  let status = 429
  for (let tries = 0; tries < 400 && status !== 202; tries++) {
    await Bun.sleep(5)
    status = await send(url, large)
  }
  expect(status).toBe(202)
})
