// STOMP: acknowledging as flow control, and what is refused.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { eventually } from "../support/eventually.ts"
import { numbers, publish, publishAll } from "../support/publish.ts"
import { freshChannel, type OwnServer, startServer } from "../support/server.ts"
import { bodyText, connectStomp, openStompSocket } from "../support/stomp.ts"

let server: OwnServer
beforeAll(async () => {
  server = await startServer({
    channels: { "/**": { history: { count: 5000, bytes: "16MB", time: "10m" } } },
  })
})
afterAll(() => server[Symbol.asyncDispose]())

type Client = Awaited<ReturnType<typeof connectStomp>>

async function texts(client: Client, count: number): Promise<string[]> {
  const all: string[] = []
  while (all.length < count) all.push(bodyText(await client.frame("MESSAGE")))
  return all
}

/** Nothing more has come once the server has answered another frame. */
async function nothingMore(client: Client): Promise<void> {
  client.send("BEGIN", { transaction: "look", receipt: "look" })
  client.send("ABORT", { transaction: "look" })
  await client.frame("RECEIPT")
  await Bun.sleep(50)
  expect(client.frames.ready).toBe(0)
}

describe("acknowledging", () => {
  test("[T16] (1.1, 1.2 «SUBSCRIBE ack Header») no more than `prefetch-count` come unacknowledged; each ACK of client-individual makes room for one", async () => {
    const channel = freshChannel("topic")
    await using client = await connectStomp(server.base)
    await client.subscribe(channel, { ack: "client-individual", "prefetch-count": 2 })
    await publishAll(server.base + channel, numbers(5))
    const [one, two] = [await client.frame("MESSAGE"), await client.frame("MESSAGE")]
    await nothingMore(client)
    client.send("ACK", { id: two.headers["ack"] as string })
    expect(await texts(client, 1)).toEqual(["3"])
    await nothingMore(client)
    client.send("ACK", { id: one.headers["ack"] as string })
    expect(await texts(client, 1)).toEqual(["4"])
  })

  test("[T16] (1.1, 1.2 «SUBSCRIBE ack Header») an ACK of client is about all before it, too", async () => {
    const channel = freshChannel("topic")
    await using client = await connectStomp(server.base)
    await client.subscribe(channel, { ack: "client", "prefetch-count": 3 })
    await publishAll(server.base + channel, numbers(7))
    await client.frame("MESSAGE")
    const two = await client.frame("MESSAGE")
    await client.frame("MESSAGE")
    client.send("ACK", { id: two.headers["ack"] as string })
    expect(await texts(client, 2)).toEqual(["4", "5"])
    await nothingMore(client)
  })

  test("[T16] what a client does not acknowledge waits in the history, not in memory: all of it comes, once and in order", async () => {
    await using own = await startServer({
      channels: { "/**": { history: { count: 5000, bytes: "16MB", time: "10m" } } },
      limits: { outboxBytesMax: 64 * 1024, pageMessagesMax: 20 },
    })
    const channel = freshChannel("topic")
    await using client = await connectStomp(own.base)
    await client.subscribe(channel, { ack: "client", "prefetch-count": 10 })
    const all = numbers(400).map((text) => `${text} ${"x".repeat(500)}`)
    await publishAll(own.base + channel, all)
    const heard: string[] = []
    while (heard.length < all.length) {
      const frame = await client.frame("MESSAGE")
      heard.push(bodyText(frame))
      if (heard.length % 10 === 0) client.send("ACK", { id: frame.headers["ack"] as string })
    }
    expect(heard).toEqual(all)
    await publish(own.base + channel, "live again")
    expect(await texts(client, 1)).toEqual(["live again"])
  })

  test("[T16] subscriptions that wait for acknowledgements hold up no other of their connection", async () => {
    const channel = freshChannel("topic")
    await using client = await connectStomp(server.base)
    await client.subscribe(channel, { id: "slow", ack: "client", "prefetch-count": 1 })
    await client.subscribe(channel, { id: "fast" })
    await publishAll(server.base + channel, numbers(3))
    const heard = [...(await frames(client, 4))].map(
      ({ headers, body }) => `${headers["subscription"]} ${new TextDecoder().decode(body)}`,
    )
    expect(heard.sort()).toEqual(["fast 1", "fast 2", "fast 3", "slow 1"])
  })

  test("[T16] (1.1 «ACK», 1.0 «ACK») before 1.2 a message is acknowledged by its id", async () => {
    for (const version of ["1.0", "1.1"]) {
      const channel = freshChannel("topic")
      await using client = await connectStomp(server.base, { "accept-version": version })
      await client.subscribe(channel, { ack: "client", "prefetch-count": 1 })
      await publishAll(server.base + channel, ["a", "b"])
      const { headers } = await client.frame("MESSAGE")
      expect(headers["ack"]).toBeUndefined()
      client.send("ACK", {
        "message-id": headers["message-id"] as string,
        ...(version === "1.1" && { subscription: "0" }),
      })
      expect(await texts(client, 1)).toEqual(["b"])
    }
  })

  test("[T17] (1.1, 1.2 «NACK») a NACK is counted and told to the application, and nothing is delivered again", async () => {
    const told: unknown[] = []
    await using own = await startServer({ onNack: (nack) => void told.push(nack) })
    const channel = freshChannel("topic")
    await using client = await connectStomp(own.base)
    await client.subscribe(channel, { ack: "client-individual", "prefetch-count": 1 })
    const [first] = await publishAll(own.base + channel, ["a", "b"])
    const frame = await client.frame("MESSAGE")
    client.send("NACK", { id: frame.headers["ack"] as string })
    expect(await texts(client, 1)).toEqual(["b"])
    expect(told).toEqual([
      {
        connection: client.frames.seen[0]?.headers["session"],
        user: undefined,
        transport: "websocket",
        channel,
        message: first?.id,
      },
    ])
    expect(own.laba.counters.nacked).toBe(1)
  })

  test("[T16] what was acknowledged already, or never was there, is an error; what ended with its subscription is not", async () => {
    const channel = freshChannel("topic")
    await using client = await connectStomp(server.base)
    await client.subscribe(channel, { ack: "client-individual" })
    await publish(server.base + channel, "a")
    const { headers } = await client.frame("MESSAGE")
    client.send("UNSUBSCRIBE", { id: "0" })
    client.send("ACK", { id: headers["ack"] as string, receipt: "late" })
    await client.frame("RECEIPT")
    client.send("ACK", { id: "9-nothing" })
    expect(await client.errorCode()).toBe("bad_frame")
  })
})

async function frames(client: Client, count: number) {
  const all = []
  while (all.length < count) all.push(await client.frame("MESSAGE"))
  return all
}

/** What a connected client may do wrong, and the code and bound that it is told. */
const wrongs: readonly [name: string, send: (client: Client) => void, code: string, limit?: string][] = [
  ["an unknown command", (client) => client.sendRaw("SHOUT\n\n\0"), "bad_frame"],
  ["a NUL too many", (client) => client.sendRaw("ABORT\0\n\n"), "bad_frame"],
  ["a header without a colon", (client) => client.sendRaw("SEND\ndestination\n\n\0"), "bad_frame"],
  [
    "a wrong content-length",
    (client) => client.sendRaw("SEND\ndestination:/a\ncontent-length:1\n\nab\0"),
    "bad_frame",
  ],
  [
    "a header that is not UTF-8",
    (client) => client.sendRaw(Buffer.from("SEND\ndestination:/\xff\n\n\0", "latin1")),
    "bad_utf8",
  ],
  ["a SEND without a destination", (client) => client.send("SEND", {}, "x"), "bad_frame"],
  ["a SUBSCRIBE without an id", (client) => client.send("SUBSCRIBE", { destination: "/a" }), "bad_frame"],
  [
    "an unknown ack mode",
    (client) => client.send("SUBSCRIBE", { id: "0", destination: "/a", ack: "maybe" }),
    "bad_frame",
  ],
  [
    "a prefetch-count that is no number",
    (client) => client.send("SUBSCRIBE", { id: "0", destination: "/a", "prefetch-count": "-1" }),
    "bad_frame",
  ],
  [
    "an id twice",
    (client) => [1, 2].forEach(() => client.send("SUBSCRIBE", { id: "0", destination: "/a" })),
    "bad_frame",
  ],
  ["an UNSUBSCRIBE of nothing", (client) => client.send("UNSUBSCRIBE", { id: "0" }), "bad_frame"],
  ["an ACK of nothing", (client) => client.send("ACK", { id: "x" }), "bad_frame"],
  [
    "a transaction twice",
    (client) => [1, 2].forEach(() => client.send("BEGIN", { transaction: "t" })),
    "bad_frame",
  ],
  ["an ABORT of nothing", (client) => client.send("ABORT", { transaction: "t" }), "bad_frame"],
  ["a BEGIN without a name", (client) => client.send("BEGIN"), "bad_frame"],
  ["an ACK that names nothing", (client) => client.send("ACK", { "message-id": "x" }), "bad_frame"],
  [
    "a body where there may be none",
    (client) => client.send("BEGIN", { transaction: "t" }, "x"),
    "bad_frame",
  ],
  ["a COMMIT of nothing", (client) => client.send("COMMIT", { transaction: "t" }), "bad_frame"],
  [
    "a SEND in no transaction",
    (client) => client.send("SEND", { destination: "/a", transaction: "t" }, "x"),
    "bad_frame",
  ],
  [
    "JSON that is none",
    (client) => client.send("SEND", { destination: "/a", "content-type": "application/json" }, "{"),
    "bad_json",
  ],
  [
    "text that is not UTF-8",
    (client) => client.send("SEND", { destination: "/a", "content-type": "text/plain" }, Uint8Array.of(0xff)),
    "bad_utf8",
  ],
  [
    "a type that is none",
    (client) => client.send("SEND", { destination: "/a", "content-type": "nonsense" }, "x"),
    "unsupported_type",
  ],
  [
    "a key that is none",
    (client) => client.send("SEND", { destination: "/a", "idempotency-key": "a b" }, "x"),
    "bad_key",
  ],
  [
    "too long a body",
    (client) => client.send("SEND", { destination: "/a", "content-length": 65_537 }),
    "too_large",
    "messageBytesMax",
  ],
  [
    "an endless header line",
    (client) => client.sendRaw(`SEND\nx:${"y".repeat(17_000)}`),
    "too_large",
    "headerBytesMax",
  ],
  [
    "a thousand headers",
    (client) => client.sendRaw(`SEND\n${"a:b\n".repeat(1000)}\n\0`),
    "too_large",
    "headersPerFrameMax",
  ],
  [
    "too many subscriptions",
    (client) => numbers(129).forEach((id) => client.send("SUBSCRIBE", { id, destination: `/a/${id}` })),
    "too_many_channels",
    "channelsPerConnectionMax",
  ],
  [
    "too many transactions",
    (client) => numbers(17).forEach((transaction) => client.send("BEGIN", { transaction })),
    "too_many_requests",
  ],
  [
    "too much in a transaction",
    (client) => {
      client.send("BEGIN", { transaction: "t" })
      for (let i = 0; i < 20; i++)
        client.send("SEND", { destination: "/a", transaction: "t" }, "x".repeat(60_000))
    },
    "too_large",
    "outboxBytesMax",
  ],
  ["a heart-beat that is none", (client) => client.send("CONNECT", { "heart-beat": "x" }), "bad_frame"],
]

describe("[T8] [T20] bad input", () => {
  for (const [name, send, code, limit] of wrongs)
    test(`${name} is answered with ${code}, is the end, and publishes nothing`, async () => {
      const before = server.laba.counters.published
      await using client = await connectStomp(server.base)
      send(client)
      const { headers } = await client.frame("ERROR")
      expect([headers["code"], headers["limit"]]).toEqual([code, limit])
      await client.ended.promise
      expect(server.laba.counters.published).toBe(before)
    })

  test("[T16] who acknowledges what came with `ack:auto` is told that nothing waits there", async () => {
    await using client = await connectStomp(server.base)
    const channel = freshChannel("topic")
    await client.subscribe(channel)
    await publish(server.base + channel, "one")
    await client.frame("MESSAGE")
    client.send("ACK", { id: "1" })
    expect(bodyText(await client.frame("ERROR"))).toContain("none does where `ack` is `auto`")
  })

  test("a malformed heart-beat at CONNECT is refused", async () => {
    await using client = await openStompSocket(server.base)
    client.send("CONNECT", { "accept-version": "1.2", "heart-beat": "-1,0" })
    expect(await client.errorCode()).toBe("bad_frame")
  })

  test("what is never finished keeps no more than its bound, and leaves nothing behind", async () => {
    await using client = await connectStomp(server.base)
    client.sendRaw(`SEND\ndestination:/a\n\n${"x".repeat(60_000)}`)
    client.close()
    await eventually(() => expect(server.laba.counters.published).toBeGreaterThanOrEqual(0))
  })
})
