// The hooks of a program that runs Laba in its own process: who may subscribe, and which channels are heard.
import { describe, expect, setDefaultTimeout, test } from "bun:test"
import type { ServeOptions, Subscribing } from "../../src/server/index.ts"
import { offsetIn } from "../../wire/cursor.ts"
import type { ServerFrame } from "../../wire/frames.ts"
import { Inbox } from "../support/inbox.ts"
import { connectByLaba } from "../support/laba-socket.ts"
import { publish } from "../support/publish.ts"
import { listenByRawSocket } from "../support/raw-socket.ts"
import { freshChannel, startServer } from "../support/server.ts"
import { laba, manyChannelSse, rawWebSocket, sse } from "../support/transports.ts"
import { local } from "./backend-process.ts"

setDefaultTimeout(60_000)

const quiet = { logTo: () => {} } satisfies ServeOptions

/** A session, by its URL. */
async function openSession(base: string): Promise<string> {
  const { frames } = (await (await fetch(`${base}/_/session`, { method: "POST" })).json()) as {
    frames: ServerFrame[]
  }
  const [hello] = frames
  if (hello?.op !== "hello") throw new Error(`the first frame is ${hello?.op}`)
  return `${base}/_/session/${hello.connection}`
}

describe("onSubscribe", () => {
  test("is asked about each further channel of a connection, and not about what it was opened with", async () => {
    const asked = new Inbox<Subscribing>("onSubscribe")
    await using server = await startServer({
      ...quiet,
      onConnect: () => ({ user: "ann", channels: ["/attached"] }),
      onSubscribe: (subscribing) => asked.push(subscribing),
    })
    const own = freshChannel("own")
    await using client = await connectByLaba(`${server.base}${own}`)
    const { connection } = await client.frame("hello")
    expect([(await client.frame("subscribed")).channel, (await client.frame("subscribed")).channel]).toEqual([
      own,
      "/attached",
    ])
    client.send({ op: "subscribe", ref: 1, channel: "/more" })
    expect(await client.frame("subscribed")).toMatchObject({ ref: 1, channel: "/more" })
    expect(await asked.next()).toEqual({ connection, user: "ann", transport: "websocket", channel: "/more" })
    // Anew, to be moved to another place.
    client.send({ op: "subscribe", ref: 2, channel: own })
    expect(await client.frame("subscribed")).toMatchObject({ ref: 2, channel: own })
    expect(await asked.next()).toMatchObject({ connection, channel: own })
    expect(asked.seen).toHaveLength(2)
  })

  test("is asked about what sessions subscribe to", async () => {
    const asked = new Inbox<Subscribing>("onSubscribe")
    await using server = await startServer({
      ...quiet,
      onSubscribe: (subscribing) => asked.push(subscribing),
    })
    const polled = await openSession(server.base)
    const command = { op: "subscribe", ref: 1, channel: "/c" }
    await fetch(polled, { method: "POST", body: JSON.stringify(command) })
    expect(await asked.next()).toMatchObject({ transport: "poll", user: undefined, channel: "/c" })
    const aborter = new AbortController()
    const stream = await fetch(`${server.base}/_/session`, {
      headers: { accept: "text/event-stream" },
      signal: aborter.signal,
    })
    const reader = (stream.body as ReadableStream<Uint8Array>).getReader()
    let text = ""
    while (!text.includes("}\n\n")) text += new TextDecoder().decode((await reader.read()).value)
    const { connection } = JSON.parse(/^data: ?(.*)$/m.exec(text)?.[1] as string) as { connection: string }
    await fetch(`${server.base}/_/session/${connection}`, { method: "POST", body: JSON.stringify(command) })
    expect(await asked.next()).toMatchObject({ transport: "sse", connection, channel: "/c" })
    aborter.abort()
  })

  test("refuses one subscribe, with its code, and the connection goes on", async () => {
    await using server = await startServer({
      ...quiet,
      onSubscribe: ({ channel }) => {
        if (channel === "/no") return { refuse: { detail: "Not you." } }
        if (channel === "/who") return { refuse: { code: "unauthorized", detail: "Log in first." } }
        if (channel === "/broken") throw new Error("no database")
        return undefined
      },
    })
    await using client = await connectByLaba(`${server.base}/_/ws`)
    client.send({ op: "subscribe", ref: 1, channel: "/no" })
    client.send({ op: "subscribe", channel: "/who" })
    client.send({ op: "subscribe", ref: 3, channel: "/broken" })
    client.send({ op: "subscribe", ref: 4, channel: "/yes" })
    expect(await client.frame("error")).toMatchObject({ ref: 1, code: "forbidden", detail: "Not you." })
    expect(await client.frame("error")).toMatchObject({ channel: "/who", code: "unauthorized" })
    const failed = await client.frame("error")
    expect(failed).toMatchObject({ ref: 3, code: "hook_failed" })
    expect(JSON.stringify(failed)).not.toContain("database")
    expect(await client.frame("subscribed")).toMatchObject({ ref: 4, channel: "/yes" })
    expect(server.laba.counters.hooksFailed).toBe(1)
    for (const channel of ["/no", "/who", "/broken"])
      expect(await publish(`${server.base}${channel}`, "x")).toMatchObject({ listeners: 0 })
  })

  test("is not asked about what the rules refuse anyway", async () => {
    const asked: string[] = []
    await using server = await startServer({
      ...quiet,
      channels: { "/closed/**": { listen: "nobody" } },
      onSubscribe: ({ channel }) => void asked.push(channel),
    })
    await using client = await connectByLaba(`${server.base}/_/ws`)
    client.send({ op: "subscribe", ref: 1, channel: "/closed/a" })
    expect(await client.frame("error")).toMatchObject({ ref: 1, code: "forbidden" })
    expect(asked).toEqual([])
  })

  test("what it publishes is in the channel before the listener is", async () => {
    const cursors: string[] = []
    await using server = await startServer({
      ...quiet,
      onSubscribe: async ({ channel }) => {
        cursors.push((await server.laba.publish(channel, "your record")).cursor)
      },
    })
    const channel = freshChannel("record")
    await using client = await connectByLaba(`${server.base}/_/ws`)
    client.send({ op: "subscribe", ref: 1, channel })
    const { cursor } = await client.frame("subscribed")
    expect([cursor]).toEqual(cursors)
  })
})

describe("onDisconnect", () => {
  test("may publish to the channel whose message closed a slow reader: everybody hears both once, and in order", async () => {
    await using server = await startServer({
      ...quiet,
      limits: { outboxBytesMax: 64 * 1024 },
      onDisconnect: async () => void (await server.laba.publish("/room", "one has left")),
    })
    const [unread, read] = [await openSession(server.base), await openSession(server.base)]
    const body = JSON.stringify({ op: "subscribe", ref: 1, channel: "/room" })
    for (const session of [unread, read]) await fetch(session, { method: "POST", body })
    const heard: ServerFrame[] = []
    const isHeard = (data: string): boolean =>
      heard.some((frame) => frame.op === "message" && frame.data === data)
    for (let ack = 1; !isHeard("the end");) {
      // The one that fetches nothing is given too much by the eighth.
      await server.laba.publish("/room", isHeard("one has left") ? "the end" : "x".repeat(9000))
      const page = (await (await fetch(`${read}?ack=${ack}`)).json()) as {
        ack: number
        frames: ServerFrame[]
      }
      ack = page.ack
      heard.push(...page.frames)
      expect(heard.length).toBeLessThan(30)
    }
    const offsets = heard.flatMap((frame) => (frame.op === "message" ? [offsetIn(frame.cursor)] : []))
    expect(offsets).toEqual(offsets.map((_, index) => index + 1))
  })
})

describe("onOccupied and onVacated", () => {
  for (const transport of [rawWebSocket, laba, sse, manyChannelSse]) {
    test(`are told of the first and the last listener by ${transport.name}`, async () => {
      const told = new Inbox<string>("occupancy")
      await using server = await startServer({
        ...quiet,
        onOccupied: (channel) => told.push(`+${channel}`),
        onVacated: (channel) => told.push(`-${channel}`),
      })
      const channel = freshChannel("watched")
      const first = await transport.open(server.base, channel)
      expect(await told.next()).toBe(`+${channel}`)
      const second = await transport.open(server.base, channel)
      if (transport.tellsCursor) await second.position()
      while ((await publish(`${server.base}${channel}`, "who hears?")).listeners < 2) await Bun.sleep(1)
      await first[Symbol.asyncDispose]()
      // The first has gone when only the second is counted.
      while ((await publish(`${server.base}${channel}`, "who hears?")).listeners > 1) await Bun.sleep(1)
      expect(told.ready).toBe(0)
      await second[Symbol.asyncDispose]()
      expect(await told.next()).toBe(`-${channel}`)
    })
  }

  test("are told of each held poll, and between two of them a channel is vacant", async () => {
    const told = new Inbox<string>("occupancy")
    await using server = await startServer({
      ...quiet,
      onOccupied: (channel) => told.push(`+${channel}`),
      onVacated: (channel) => told.push(`-${channel}`),
    })
    const channel = freshChannel("polled")
    for (const round of ["one", "two"]) {
      const held = fetch(`${server.base}${channel}?wait=25`)
      expect(await told.next()).toBe(`+${channel}`)
      await publish(`${server.base}${channel}`, round)
      expect(await (await held).json()).toMatchObject({ messages: [{ data: round }] })
      expect(await told.next()).toBe(`-${channel}`)
    }
    // Who only looks listens to nothing.
    await fetch(`${server.base}${channel}`)
    expect(told.ready).toBe(0)
  })

  test("are told when a channel is deleted under its listeners", async () => {
    const told = new Inbox<string>("occupancy")
    await using server = await startServer({
      ...quiet,
      onOccupied: (channel) => told.push(`+${channel}`),
      onVacated: (channel) => told.push(`-${channel}`),
    })
    const channel = freshChannel("deleted")
    await using client = await listenByRawSocket(`${server.base}${channel}`)
    expect(await told.next()).toBe(`+${channel}`)
    await fetch(`${server.base}${channel}`, { method: "DELETE" })
    expect(await client.end()).toMatchObject({ code: "deleted" })
    expect(await told.next()).toBe(`-${channel}`)
    expect(told.ready).toBe(0)
  })

  test("harm no listener by what they throw", async () => {
    const fail = (): never => {
      throw new Error("no database")
    }
    await using server = await startServer({ ...quiet, onOccupied: fail, onVacated: fail })
    const channel = freshChannel("thrown")
    const client = await listenByRawSocket(`${server.base}${channel}`)
    await publish(`${server.base}${channel}`, "heard")
    expect(await client.message()).toMatchObject({ data: "heard" })
    expect(server.laba.counters.hooksFailed).toBe(1)
    await client[Symbol.asyncDispose]()
    while (server.laba.counters.hooksFailed < 2) await Bun.sleep(1)
  })
})

test("a backend is asked after the program, and not about what the program has refused; both are told", async () => {
  const order = new Inbox<string>("who was asked")
  using backend = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { channel } = (await request.json()) as { channel: string }
      order.push(`${request.headers.get("ce-type")} ${channel}`)
      return new Response(null, { status: 204 })
    },
  })
  const url = `http://127.0.0.1:${backend.port}/`
  await using server = await startServer({
    ...quiet,
    hooks: [{ pattern: "/both/**", subscribe: url, occupied: url, ...local, handshake: false }],
    onSubscribe: ({ channel }) => {
      order.push(`onSubscribe ${channel}`)
      return channel === "/both/no" ? { refuse: { detail: "Not you." } } : undefined
    },
    onOccupied: (channel) => order.push(`onOccupied ${channel}`),
  })
  await using client = await connectByLaba(`${server.base}/_/ws`)
  client.send({ op: "subscribe", ref: 1, channel: "/both/no" })
  expect(await client.frame("error")).toMatchObject({ ref: 1, code: "forbidden" })
  client.send({ op: "subscribe", ref: 2, channel: "/both/yes" })
  expect(await client.frame("subscribed")).toMatchObject({ ref: 2 })
  const told = await Promise.all(Array.from({ length: 5 }, () => order.next()))
  expect(told).toEqual([
    "onSubscribe /both/no",
    "onSubscribe /both/yes",
    "laba.subscribe /both/yes",
    "onOccupied /both/yes",
    "laba.occupied /both/yes",
  ])
})
