// Sessions over SSE and poll, request by request, against the real server: docs/PROTOCOL.md, N.
import { expect, test } from "bun:test"
import type { ClientFrame, ServerFrame } from "../../wire/frames.ts"
import { freshChannel, type OwnServer, startServer } from "../support/server.ts"

interface Page {
  readonly ack: number
  readonly frames: readonly ServerFrame[]
}

class Session {
  readonly url: string
  readonly base: string
  ack: number

  constructor(base: string, id: string, ack: number) {
    this.base = base
    this.url = `${base}/_/session/${id}`
    this.ack = ack
  }

  static async open(base: string): Promise<Session> {
    const answer = await fetch(`${base}/_/session`, { method: "POST" })
    expect(answer.status).toBe(201)
    const { ack, frames } = (await answer.json()) as Page
    const [hello] = frames
    if (hello?.op !== "hello") throw new Error(`the first frame is ${hello?.op}`)
    return new Session(base, hello.connection, ack)
  }

  command(frames: ClientFrame | readonly ClientFrame[]): Promise<Response> {
    return fetch(this.url, { method: "POST", body: JSON.stringify(frames) })
  }

  poll({ ack = this.ack, wait = 5 } = {}): Promise<Response> {
    return fetch(`${this.url}?ack=${ack}&wait=${wait}`)
  }

  /** Polls until so many frames came. */
  async take(count: number): Promise<ServerFrame[]> {
    const taken: ServerFrame[] = []
    while (taken.length < count) {
      const { ack, frames } = (await (await this.poll()).json()) as Page
      expect(ack).toBe(this.ack + frames.length)
      this.ack = ack
      taken.push(...frames)
    }
    return taken
  }
}

const codeOf = async (answer: Response): Promise<unknown> => [
  answer.status,
  ((await answer.json()) as { code: string }).code,
]

const gone = [410, "gone"]

test("[N1] a streamed session begins with hello, as one data line, and forbids buffering and storing", async () => {
  await using server = await startServer()
  const aborter = new AbortController()
  const answer = await fetch(`${server.base}/_/session`, {
    headers: { accept: "text/event-stream" },
    signal: aborter.signal,
  })
  expect(answer.headers.get("content-type")).toStartWith("text/event-stream")
  expect(answer.headers.get("x-accel-buffering")).toBe("no")
  expect(answer.headers.get("cache-control")).toContain("no-store")
  expect(answer.headers.get("cache-control")).toContain("no-transform")
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
  let text = ""
  while (!text.includes("}\n\n")) text += new TextDecoder().decode((await reader.read()).value)
  const block = text.split("\n\n").find((one) => one.startsWith("data:")) as string
  expect(block.split("\n").length).toBe(1)
  expect(JSON.parse(block.slice(5))).toMatchObject({ op: "hello", heartbeat: 25 })
  aborter.abort()
  expect(await codeOf(await fetch(`${server.base}/_/session`))).toEqual([406, "not_acceptable"])
})

test("[N2, N3] frames of a polled session are numbered from hello on, and a poll is held until there is one", async () => {
  await using server = await startServer()
  const session = await Session.open(server.base)
  expect(session.ack).toBe(1)
  const channel = freshChannel()
  expect(await (await session.poll({ wait: 0 })).json()).toEqual({ ack: 1, frames: [] })
  const held = session.take(1)
  expect((await session.command({ op: "subscribe", ref: 1, channel })).status).toBe(202)
  expect(await held).toMatchObject([{ op: "subscribed", ref: 1, channel }])
  expect(session.ack).toBe(2)
})

test("[N4] what is not acknowledged comes again, and an ack that cannot be is refused", async () => {
  await using server = await startServer()
  const session = await Session.open(server.base)
  await session.command([
    { op: "ping", ref: 1 },
    { op: "ping", ref: 2 },
  ])
  const pages: Page[] = []
  for (let n = 0; n < 2; n++) pages.push((await (await session.poll()).json()) as Page)
  const both: Page = {
    ack: 3,
    frames: [
      { op: "pong", ref: 1 },
      { op: "pong", ref: 2 },
    ],
  }
  expect(pages).toEqual([both, both])
  expect(await (await session.poll({ ack: 2 })).json()).toEqual({ ack: 3, frames: both.frames.slice(1) })
  expect(await codeOf(await session.poll({ ack: 1 }))).toEqual([400, "bad_query"])
  expect(await codeOf(await session.poll({ ack: 9 }))).toEqual([400, "bad_query"])
})

test("[N5] a second poll is served, and the first answered at once with an empty list", async () => {
  await using server = await startServer()
  const session = await Session.open(server.base)
  const first = session.poll({ wait: 25 })
  // The second must not overtake the first on its way: it goes when the first is held, seen by the held polls' order.
  await session.command({ op: "unsubscribe", channel: "/never" })
  const { ack, frames } = (await (await first).json()) as Page
  expect(frames).toMatchObject([{ op: "unsubscribed" }])
  const one = session.poll({ ack, wait: 25 })
  const two = session.poll({ ack, wait: 25 })
  // Whichever came first is answered now; the other is still held.
  expect(await (await Promise.race([one, two])).json()).toEqual({ ack, frames: [] })
  await session.command({ op: "ping", ref: 1 })
  const pages = await Promise.allSettled([one, two].map(async (poll) => (await poll).bodyUsed))
  expect(
    pages.filter(({ status, ...rest }) => status === "fulfilled" && "value" in rest && !rest.value).length,
  ).toBe(1)
})

test("[N6] commands are refused as a whole, and the session goes on", async () => {
  await using server = await startServer()
  const session = await Session.open(server.base)
  const channel = freshChannel()
  const good: ClientFrame = { op: "publish", ref: 1, channel, data: 1 }
  const bad = { op: "dance" } as unknown as ClientFrame
  expect(await codeOf(await session.command([good, bad]))).toEqual([400, "bad_frame"])
  expect(await codeOf(await session.command([]))).toEqual([400, "bad_frame"])
  expect(await codeOf(await session.command(Array.from({ length: 65 }, () => good)))).toEqual([
    400,
    "bad_frame",
  ])
  expect(await codeOf(await fetch(session.url, { method: "POST", body: "[" }))).toEqual([400, "bad_json"])
  const large = await fetch(session.url, { method: "POST", body: `"${"x".repeat(512 * 1024)}"` })
  expect(await codeOf(large)).toEqual([413, "too_large"])
  expect((await fetch(server.base + channel)).status).toBe(204)
  expect((await session.command({ op: "ping", ref: 1 })).status).toBe(202)
  expect(await session.take(1)).toEqual([{ op: "pong", ref: 1 }])
})

test("[N7] commands take effect in the order of the array", async () => {
  await using server = await startServer()
  const session = await Session.open(server.base)
  const channel = freshChannel()
  const publishes = Array.from({ length: 60 }, (_, n): ClientFrame => ({
    op: "publish",
    ref: n,
    channel,
    data: n,
  }))
  await session.command([{ op: "subscribe", ref: "in", channel }, ...publishes])
  const frames = await session.take(121)
  const order = publishes.map((_, n) => n)
  expect(frames[0]).toMatchObject({ op: "subscribed", ref: "in" })
  expect(frames.flatMap((frame) => (frame.op === "message" ? [frame.data] : []))).toEqual(order)
  expect(frames.flatMap((frame) => (frame.op === "published" ? [frame.ref] : []))).toEqual(order)
})

test("[N8, N10] a session ends by DELETE, and a streamed one with its stream", async () => {
  await using server = await startServer()
  const polled = await Session.open(server.base)
  expect((await fetch(polled.url, { method: "DELETE" })).status).toBe(204)
  expect(await codeOf(await polled.poll())).toEqual(gone)
  expect(await codeOf(await polled.command({ op: "ping" }))).toEqual(gone)
  expect(await codeOf(await fetch(polled.url, { method: "DELETE" }))).toEqual(gone)

  const { session, leave } = await openStream(server.base)
  expect((await session.command({ op: "ping" })).status).toBe(202)
  leave()
  // Asked until the server has seen it.
  let answer = await session.command({ op: "ping" })
  while (answer.status === 202) answer = await session.command({ op: "ping" })
  expect(await codeOf(answer)).toEqual(gone)
})

test("[N8] a polled session that is not polled for ten seconds ends, whatever else is sent to it", async () => {
  await using server = await startServer()
  const session = await Session.open(server.base)
  const startedAt = performance.now()
  let answer = await session.command({ op: "ping" })
  while (answer.status === 202) {
    await Bun.sleep(500)
    answer = await session.command({ op: "ping" })
  }
  expect(await codeOf(answer)).toEqual(gone)
  expect(performance.now() - startedAt).toBeGreaterThan(9_000)
}, 60_000)

test("[N9, N10] a session that is too slow is given that as its last frame, and then is gone", async () => {
  await using server = await startServer({ limits: { outboxBytesMax: 64 * 1024 } })
  const session = await Session.open(server.base)
  const channel = freshChannel()
  await session.command({ op: "subscribe", ref: 1, channel })
  await session.take(1)
  const body = "x".repeat(4 * 1024)
  for (let n = 0; n < 40; n++) await fetch(server.base + channel, { method: "POST", body })
  let last: ServerFrame | undefined
  while (last?.op !== "error") last = (await session.take(1)).at(-1)
  expect(last).toMatchObject({ code: "slow", retry: "at-once" })
  expect(last.ref ?? last.channel).toBeUndefined()
  expect(await codeOf(await session.poll())).toEqual(gone)
})

test("[N11] a streamed session is not polled, and a polled one not streamed", async () => {
  await using server = await startServer()
  const { session, leave } = await openStream(server.base)
  expect(await codeOf(await session.poll({ ack: 1, wait: 0 }))).toEqual([400, "bad_query"])
  leave()
  const polled = await Session.open(server.base)
  const streamed = await fetch(polled.url, { headers: { accept: "text/event-stream" } })
  expect(await codeOf(streamed)).toEqual([400, "bad_query"])
})

async function openStream(base: string): Promise<{ session: Session; leave(): void }> {
  const aborter = new AbortController()
  const answer = await fetch(`${base}/_/session`, {
    headers: { accept: "text/event-stream" },
    signal: aborter.signal,
  })
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
  let text = ""
  let id: string | undefined
  while (!id) {
    text += new TextDecoder().decode((await reader.read()).value)
    id = /"connection":"([^"]+)"/.exec(text)?.[1]
  }
  return { session: new Session(base, id, 1), leave: () => aborter.abort() }
}

async function connectionsOf({ base, laba }: OwnServer): Promise<unknown[]> {
  const headers = { Authorization: `Bearer ${laba.runKey}` }
  const answer = await fetch(`${base}/_/api/connections`, { headers })
  return ((await answer.json()) as { connections: unknown[] }).connections
}

/** A session that has been ended and whose last frame waits to be fetched; it had begun and listened before. */
async function endedSession(server: OwnServer, channel: string): Promise<Session> {
  const session = await Session.open(server.base)
  await session.command({ op: "subscribe", ref: 1, channel })
  await session.take(1)
  expect(await connectionsOf(server)).toHaveLength(1)
  // Without a `ref` there is nobody to answer, so what is wrong with it ends the session.
  await session.command({ op: "publish", channel, data: 1, type: "image/png" })
  return session
}

test("[N10] a session that is over publishes nothing, subscribes to nothing and is in no list", async () => {
  await using server = await startServer()
  const channel = freshChannel()
  const session = await endedSession(server, channel)
  const late: ClientFrame[] = [
    { op: "publish", ref: 2, channel, data: "late" },
    { op: "subscribe", ref: 3, channel },
  ]
  // Asked for with the old `ack` as often as it likes.
  for (let round = 0; round < 3; round++) {
    const { frames } = (await (await session.poll()).json()) as Page
    expect(frames).toMatchObject([{ op: "error", code: "bad_frame" }])
    expect(await codeOf(await session.command(late))).toEqual(gone)
  }
  expect((await fetch(server.base + channel)).status).toBe(204)
  const head = await fetch(server.base + channel, { method: "HEAD" })
  expect(head.headers.get("laba-listeners")).toBe("0")
  expect(await connectionsOf(server)).toEqual([])
  expect(await codeOf(await fetch(session.url, { method: "DELETE" }))).toEqual(gone)
  session.ack++
  expect(await codeOf(await session.poll())).toEqual(gone)
})

test("[N10] the last frame of a session waits for ten seconds, however often it is asked for", async () => {
  await using server = await startServer()
  const session = await endedSession(server, freshChannel())
  const startedAt = performance.now()
  let answer = await session.poll()
  while (answer.status === 200) {
    await Bun.sleep(500)
    answer = await session.poll()
  }
  expect(await codeOf(answer)).toEqual(gone)
  expect(performance.now() - startedAt).toBeGreaterThan(9_000)
}, 60_000)

test("[N7, N10] what stood behind the command that ended a session is not done", async () => {
  await using server = await startServer()
  const channel = freshChannel()
  const ends: ClientFrame = { op: "publish", channel, data: 1, type: "image/png" }
  const polled = await Session.open(server.base)
  await polled.command([ends, { op: "publish", ref: 2, channel, data: "behind" }])
  expect(await polled.take(1)).toMatchObject([{ op: "error", code: "bad_frame" }])
  const { session: streamed } = await openStream(server.base)
  await streamed.command([ends, { op: "publish", ref: 2, channel, data: "behind" }])
  while ((await streamed.command({ op: "ping" })).status === 202) await Bun.sleep(5)
  expect((await fetch(server.base + channel)).status).toBe(204)
})
