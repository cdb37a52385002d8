// The client against the real server, over every transport. What the model promises in the other tests is held here
// against the server itself.
import { expect, test } from "bun:test"
import { type Channel, connect, type Laba, type Message, type Options } from "../../client/index.ts"
import { EventSource } from "eventsource"
import type { EventSourceLike } from "../../client/index.ts"
import { printCursor } from "../../wire/cursor.ts"
import { defaultLimits } from "../../wire/limits.ts"
import { serve } from "../../src/server/index.ts"
import { credentials, tokenFor } from "../access/guarded.ts"
import { freshChannel, startServer } from "../support/server.ts"

interface Client extends Disposable {
  readonly laba: Laba
}

function open(base: string, options: Options = {}): Client {
  const laba = connect(base, options)
  return { laba, [Symbol.dispose]: () => laba.close() }
}

/** The next messages of a channel; each is awaited, and the test's own deadline guards against waiting forever. */
async function take(messages: AsyncIterator<Message>, count: number): Promise<unknown[]> {
  const taken: unknown[] = []
  while (taken.length < count) taken.push((await messages.next()).value.data)
  return taken
}

const heard = (channel: Channel): AsyncIterator<Message> => channel[Symbol.asyncIterator]()

const post = (url: string, body: string): Promise<Response> =>
  fetch(url, { method: "POST", body, headers: { "content-type": "text/plain" } })

const overEachOf = ["websocket", "sse", "poll"] as const

for (const transport of overEachOf) {
  const only: Options = { transports: [transport] }

  test(`[L1, L3, L9, L17, N1, N2, N6] over ${transport}: subscribes, publishes and hears itself and others`, async () => {
    await using server = await startServer()
    using client = open(server.base, only)
    const name = freshChannel()
    const channel = client.laba.channel(name)
    const messages = heard(channel)
    expect(await channel.ready()).toMatchObject({ recovered: false, history: "kept" })
    expect(client.laba.transport).toBe(transport)
    await post(server.base + name, "from curl")
    const published = await channel.publish({ from: "the client" })
    expect(published).toMatchObject({ channel: name, duplicate: false, history: "kept" })
    await channel.publish(new Uint8Array([1, 2, 255]))
    expect(await take(messages, 3)).toEqual([
      "from curl",
      { from: "the client" },
      new Uint8Array([1, 2, 255]),
    ])
  })

  test(`over ${transport}: hands out the text of each payload as it was published`, async () => {
    await using server = await startServer()
    using client = open(server.base, only)
    const name = freshChannel()
    const channel = client.laba.channel(name)
    const messages = heard(channel)
    await channel.ready()
    const json = '{"order": 12345678901234567890, "total": 10.00, "a": 1, "a": 2}'
    await fetch(server.base + name, {
      method: "POST",
      body: json,
      headers: { "content-type": "application/json" },
    })
    await post(server.base + name, '"a, ]}')
    await channel.publish(new Uint8Array([1, 2, 255]))
    const texts: unknown[] = []
    while (texts.length < 3) texts.push((await messages.next()).value.text)
    expect(texts).toEqual([json, '"a, ]}', null])
  })

  test(`[C1] over ${transport}: two spellings of one channel are both heard, and each closes for itself`, async () => {
    await using server = await startServer()
    using client = open(server.base, only)
    const name = freshChannel()
    const spelled = name.replaceAll("-", "%2D")
    expect(spelled).not.toBe(name)
    const [one, two] = [client.laba.channel(name), client.laba.channel(spelled)]
    const [byOne, byTwo] = [heard(one), heard(two)]
    await Promise.all([one.ready(), two.ready()])
    await post(server.base + name, "1")
    expect([await take(byOne, 1), await take(byTwo, 1)]).toEqual([["1"], ["1"]])
    one.close()
    await post(server.base + name, "2")
    expect(await take(byTwo, 1)).toEqual(["2"])
  })

  test(`[L4, C8] over ${transport}: resumes after a cursor from any other transport`, async () => {
    await using server = await startServer()
    const name = freshChannel()
    const answers: Response[] = []
    for (const n of [1, 2, 3]) answers.push(await post(server.base + name, `${n}`))
    const { cursor } = (await (answers[0] as Response).json()) as { cursor: string }
    for (const _ of overEachOf) {
      using client = open(server.base, only)
      const channel = client.laba.channel(name, { after: cursor })
      expect(await take(heard(channel), 2)).toEqual(["2", "3"])
      expect(await channel.ready()).toMatchObject({ cursor, recovered: true })
    }
  })

  test(`[R1, R2] over ${transport}: says who is there, and tells who comes`, async () => {
    await using server = await startServer({
      ...credentials,
      channels: { "/rooms/**": { presence: "token", listen: "token" } },
    })
    const as = (user: string) => open(server.base, { ...only, token: () => tokenFor(user) })
    const name = freshChannel("rooms")
    using ann = as("ann")
    const channel = ann.laba.channel(name)
    await channel.ready()
    const came = new Promise((resolve) => channel.on("join", ({ user }) => resolve(user)))
    expect((await channel.presence()).map(({ user }) => user)).toEqual(["ann"])
    using bob = as("bob")
    await bob.laba.channel(name).ready()
    expect(await came).toBe("bob")
    expect((await channel.presence()).map(({ user }) => user).sort()).toEqual(["ann", "bob"])
  })

  test(`[L5, C4, C6] over ${transport}: is told of a reset, and stands at the tail`, async () => {
    await using server = await startServer()
    using client = open(server.base, only)
    const name = freshChannel()
    const answer = (await (await post(server.base + name, "old")).json()) as { cursor: string }
    const channel = client.laba.channel(name, {
      after: printCursor(name, { epoch: "gone", offset: 5 }),
    })
    const reset = await new Promise((resolve) => channel.on("reset", resolve))
    expect(reset).toEqual({ cursor: answer.cursor, reason: "epoch" })
    await post(server.base + name, "new")
    expect(await take(heard(channel), 1)).toEqual(["new"])
  })

  test(`over ${transport}: comes back to a server that was restarted, and says that it forgot`, async () => {
    const limits = { drainSeconds: 0 }
    const first = await serve({ listen: { port: 0 }, limits })
    using client = open(first.url, { ...only, backoff: { minMs: 20, maxMs: 50 } })
    const name = freshChannel()
    const channel = client.laba.channel(name)
    await channel.ready()
    await channel.publish("before")
    const reset = new Promise<{ reason: string }>((resolve) => channel.on("reset", resolve))
    const kept = client.laba.channel(freshChannel())
    await kept.ready()
    await first.close()
    const whileAway = kept.publish("while away")
    const second = await serve({ listen: { port: first.port }, limits })
    try {
      expect((await reset).reason).toBe("epoch")
      expect(await whileAway).toMatchObject({ duplicate: false })
      // What came before the reset is not given after it.
      const messages = heard(channel)
      await second.publish(name, "after")
      expect(await take(messages, 1)).toEqual(["after"])
    } finally {
      client.laba.close()
      await second.close()
    }
  })

  test(`[L8] over ${transport}: hears nothing after closing a channel, and opens it again where it was`, async () => {
    await using server = await startServer()
    using client = open(server.base, only)
    const name = freshChannel()
    const channel = client.laba.channel(name)
    const messages = heard(channel)
    await channel.ready()
    await channel.publish(1)
    expect(await take(messages, 1)).toEqual([1])
    channel.close()
    expect((await messages.next()).done).toBe(true)
    await client.laba.publish(name, 2)
    const again = client.laba.channel(name, { after: channel.cursor as string })
    expect(await take(heard(again), 1)).toEqual([2])
  })

  test(`[L12] over ${transport}: a token that this server does not want keeps the client away, with its code`, async () => {
    await using server = await startServer()
    using client = open(server.base, { ...only, token: () => "x" })
    const reason = await new Promise((resolve) => {
      client.laba.on("state", (state) => state.state === "closed" && resolve(state.reason))
    })
    expect(reason).toMatchObject({ code: "unauthorized", retry: "stay-away" })
  })

  test(`over ${transport}: a bad name closes that channel and nothing else`, async () => {
    await using server = await startServer()
    using client = open(server.base, only)
    await expect(client.laba.channel("/a//b").ready()).rejects.toMatchObject({ code: "bad_channel" })
    await expect(client.laba.publish("/a//b", 1)).rejects.toMatchObject({ code: "bad_channel" })
    expect(await client.laba.channel(freshChannel()).ready()).toMatchObject({ recovered: false })
  })

  test(`over ${transport}: a name that is spelled otherwise is heard all the same`, async () => {
    await using server = await startServer()
    using client = open(server.base, only)
    const name = freshChannel()
    const channel = client.laba.channel(name.replace("/test/", "/%74est/"))
    const messages = heard(channel)
    await channel.ready()
    await post(server.base + name, "found")
    expect(await take(messages, 1)).toEqual(["found"])
  })

  test(`over ${transport}: a reader far behind the history's page gets all of it, slowly or not`, async () => {
    const count = 2_500
    const config = { channels: { "/**": { history: { count, bytes: "1MB", time: "1m" } } } }
    await using server = await startServer(config)
    using client = open(server.base, { ...only, bufferMax: 100 })
    const name = freshChannel()
    const published = await Promise.all(
      Array.from({ length: count }, (_, n) => n).map((n) => post(server.base + name, `${n}`)),
    )
    const cursors = await Promise.all(published.map((answer) => answer.json() as Promise<{ cursor: string }>))
    const after = (cursors[0] as { cursor: string }).cursor.replace(/-[^.]*/, "-0")
    const all = (await take(heard(client.laba.channel(name, { after })), count)) as string[]
    expect(new Set(all).size).toBe(count)
  })
}

test("falls back to SSE, and to poll, when what is before them is not served", async () => {
  await using server = await startServer()
  const refusing = () => {
    throw new Error("no sockets here")
  }
  using streaming = open(server.base, { socket: refusing })
  await streaming.laba.channel(freshChannel()).ready()
  expect(streaming.laba.transport).toBe("sse")
  using polling = open(server.base, {
    socket: refusing,
    fetch: (url, init) =>
      init.headers["accept"] ? Promise.reject(new TypeError("blocked")) : fetch(url, init as RequestInit),
  })
  await polling.laba.channel(freshChannel()).ready()
  expect(polling.laba.transport).toBe("poll")
})

test("reads a session by the application's own EventSource too", async () => {
  await using server = await startServer()
  using client = open(server.base, {
    transports: ["sse"],
    eventSource: (url) => new EventSource(url) as EventSourceLike,
  })
  const name = freshChannel()
  const channel = client.laba.channel(name)
  const messages = heard(channel)
  await channel.ready()
  await channel.publish("by EventSource")
  expect(await take(messages, 1)).toEqual(["by EventSource"])
})

test("large publishes go up in requests that the server takes", async () => {
  await using server = await startServer()
  using client = open(server.base, { transports: ["poll"], publishBytesMax: 4_000_000 })
  const name = freshChannel()
  // Escaped as JSON, each is six times as long.
  const large = "\u0001".repeat(defaultLimits.messageBytesMax)
  const published = await Promise.all([1, 2, 3, 4, 5].map(() => client.laba.publish(name, large)))
  expect(published.map((one) => one?.duplicate)).toEqual([false, false, false, false, false])
})

test("a message above the server's limit is refused before it is sent", async () => {
  await using server = await startServer()
  using client = open(server.base)
  const name = freshChannel()
  await client.laba.channel(name).ready()
  const large = "x".repeat(defaultLimits.messageBytesMax + 1)
  await expect(client.laba.publish(name, large)).rejects.toMatchObject({ code: "too_large" })
  expect(await client.laba.publish(name, large.slice(1))).toMatchObject({ channel: name })
})

test("one connection carries as many channels as the server allows, and says which is too many", async () => {
  await using server = await startServer({ limits: { channelsPerConnectionMax: 3 } })
  using client = open(server.base)
  const names = [1, 2, 3, 4].map(() => freshChannel())
  const settled = await Promise.allSettled(names.map((name) => client.laba.channel(name).ready()))
  expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled", "rejected"])
  expect((settled[3] as PromiseRejectedResult).reason).toMatchObject({ code: "too_many_channels" })
})

for (const transport of overEachOf) {
  test(`[L2] over ${transport}: hears the server's greeting, and the channels that it attached, also after a loss`, async () => {
    const name = freshChannel()
    const limits = { drainSeconds: 0 }
    const greeting = { limits, onConnect: () => ({ channels: [name], reply: "welcome" }) }
    const first = await serve({ ...greeting, listen: { port: 0 } })
    using client = open(first.url, { transports: [transport], backoff: { minMs: 20, maxMs: 50 } })
    const direct = new Promise((resolve) => client.laba.on("direct", resolve))
    const channel = await new Promise<Channel>((resolve) => client.laba.on("channel", resolve))
    expect(await direct).toEqual({ type: "text/plain", data: "welcome", text: "welcome" })
    expect(channel.name).toBe(name)
    const messages = heard(channel)
    await first.publish(name, "one")
    expect(await take(messages, 1)).toEqual(["one"])

    const reset = new Promise((resolve) => channel.on("reset", resolve))
    await first.close()
    const second = await serve({ ...greeting, listen: { port: first.port } })
    try {
      await reset
      await second.publish(name, "two")
      expect(await take(messages, 1)).toEqual(["two"])
    } finally {
      client.laba.close()
      await second.close()
    }
  })
}

test("a publish that the application took, and wanted not published, resolves with null", async () => {
  await using server = await startServer({ onMessage: () => ({ publish: false }) })
  using client = open(server.base)
  expect(await client.laba.publish(freshChannel(), "for the application alone")).toBeNull()
})

test("a page that the application refuses stays away, with the reason", async () => {
  await using server = await startServer({ onConnect: () => ({ refuse: { detail: "not today" } }) })
  using client = open(server.base)
  const reason = await new Promise((resolve) => {
    client.laba.on("state", (state) => state.state === "closed" && resolve(state.reason))
  })
  expect(reason).toMatchObject({ code: "forbidden", retry: "stay-away" })
})
