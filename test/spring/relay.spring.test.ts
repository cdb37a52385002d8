// Spring Boot servers whose broker relay is pointed at the STOMP port, and browsers' clients at those servers: what Spring promises of a
// full broker holds, with nothing changed on its side.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { credentials, shop } from "../access/guarded.ts"
import { eventually } from "../support/eventually.ts"
import { makeCertificate } from "../support/certificate.ts"
import { publish } from "../support/publish.ts"
import { freshChannel, type OwnServer, startServer } from "../support/server.ts"
import { bodyText, connectStomp, openStompSocket } from "../support/stomp.ts"
import { Spring, type SpringServer } from "./spring.ts"

/** Twice what is agreed on: who was silent for so long is gone. */
const silenceMsMax = 20_000

let server: OwnServer
let spring: Spring
let one: SpringServer
let two: SpringServer
/** Connected from the start and silent but for heart-beats. */
let quiet: Awaited<ReturnType<typeof connected>>
/** Spring's own clients, straight at Laba, as quiet. They are here since this file takes long enough. */
let quietClients: Awaited<ReturnType<Spring["connect"]>>[]
let startedMs: number
let beating: ReturnType<typeof setInterval>

const relayPort = (): number => server.laba.stompPort as number

async function connected(relay: SpringServer, user?: string, headers = {}) {
  const path = `/websocket${user === undefined ? "" : `?user=${encodeURIComponent(user)}`}`
  const client = await openStompSocket(`http://127.0.0.1:${relay.port}`, { path })
  const { headers: connectedAs } = await client.connect(headers)
  return Object.assign(client, { connectedAs })
}

const ask = (client: Awaited<ReturnType<typeof connected>>, word: string, text: string): void =>
  client.send(
    "SEND",
    { destination: `/app/${word}`, "content-type": "application/json" },
    JSON.stringify({ text }),
  )

beforeAll(async () => {
  server = await startServer({
    stomp: { tcp: 0, paths: ["/websocket"] },
    sockjs: { paths: { "/websocket": "stomp" } },
  })
  spring = await Spring.start()
  const options = { relayPort: relayPort() }
  // One after the other: two that start in one JVM at the same time disturb each other.
  one = await spring.serve(options)
  two = await spring.serve({ ...options, keepsReceiveOrder: true })
  for (const relay of [one, two]) await eventually(async () => expect(await relay.isAvailable()).toBe(true))
  quiet = await connected(one, "quiet", { "heart-beat": "10000,10000" })
  const url = `${server.base}/websocket`
  const transports = ["websocket", "sockjs websocket", "sockjs xhr_streaming", "sockjs xhr"] as const
  quietClients = await Promise.all(
    transports.map((transport) =>
      spring.connect({
        url: transport === "websocket" ? url.replace("http", "ws") : url,
        transport,
        beatMs: 10_000,
      }),
    ),
  )
  startedMs = performance.now()
  beating = setInterval(() => quiet.sendRaw("\n"), 5_000)
}, 120_000)
afterAll(async () => {
  clearInterval(beating)
  await spring[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

describe("enableStompBrokerRelay", () => {
  test("[T9] [T11] clients of it are connected in STOMP 1.2 with heart-beats of ten seconds, under the name that Spring knows them by", () => {
    const { version, "heart-beat": beats, "user-name": user } = quiet.connectedAs
    expect([version, beats, user]).toEqual(["1.2", "10000,10000", "quiet"])
  })

  test("[T13] [T19] answers receipts, to SUBSCRIBE and to SEND, and passes headers on", async () => {
    await using client = await connected(one)
    const channel = freshChannel("topic")
    await client.subscribe(channel)
    client.send("SEND", { destination: channel, receipt: "sent", custom: "a:b" }, "日本")
    const frames = [await client.frames.next(), await client.frames.next()]
    const message = frames.find(({ command }) => command === "MESSAGE")
    const receipt = frames.find(({ command }) => command === "RECEIPT")
    expect(receipt?.headers["receipt-id"]).toBe("sent")
    expect([message && bodyText(message), message?.headers["custom"]]).toEqual(["日本", "a:b"])
  })

  test("[T22] a topic is one for all: clients of both servers, of Laba by STOMP and by HTTP", async () => {
    await using here = await connected(one)
    await using there = await connected(two)
    await using direct = await connectStomp(server.base)
    const channel = freshChannel("topic")
    const clients = [here, there, direct]
    for (const client of clients) await client.subscribe(channel)
    here.send("SEND", { destination: channel }, "by a client")
    for (const client of clients) expect(bodyText(await client.frame("MESSAGE"))).toBe("by a client")
    await publish(server.base + channel, "by HTTP")
    for (const client of clients) expect(bodyText(await client.frame("MESSAGE"))).toBe("by HTTP")
    await two.publish(channel, { by: "convertAndSend" }, { custom: "header" })
    for (const client of clients) {
      const message = await client.frame("MESSAGE")
      expect(JSON.parse(bodyText(message))).toEqual({ by: "convertAndSend" })
      expect([message.headers["content-type"], message.headers["custom"]]).toEqual([
        "application/json",
        "header",
      ])
    }
    expect(await (await fetch(server.base + channel)).json()).toEqual({ by: "convertAndSend" })
  })

  for (const version of ["1.1", "1.0"])
    test(`[T2] [T21] serves clients of STOMP ${version}, and answers their DISCONNECT`, async () => {
      await using client = await connected(one, undefined, { "accept-version": version })
      expect(client.connectedAs["version"]).toBe(version)
      const channel = freshChannel("topic")
      await client.subscribe(channel)
      await one.publish(channel, "hello")
      expect(bodyText(await client.frame("MESSAGE"))).toBe("hello")
      client.send("DISCONNECT", { receipt: "bye" })
      expect((await client.frame("RECEIPT")).headers["receipt-id"]).toBe("bye")
    })

  test("[T12] [T22] carries bytes, to a destination of any letters", async () => {
    await using client = await connected(one)
    const destination = `${freshChannel("topic")}/秒杀 结果:a.b`
    await client.subscribe(destination)
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
    client.send("SEND", { destination, "content-length": 256 }, bytes)
    const message = await client.frame("MESSAGE")
    expect(message.headers["destination"]).toBe(destination)
    expect(Array.from(message.body)).toEqual(Array.from(bytes))
  })

  test("keeps order: a hundred messages of one client come as they were sent", async () => {
    await using sender = await connected(two)
    await using listener = await connected(one)
    const channel = freshChannel("queue")
    await listener.subscribe(channel)
    for (let number = 0; number < 100; number++) sender.send("SEND", { destination: channel }, String(number))
    for (let number = 0; number < 100; number++)
      expect(bodyText(await listener.frame("MESSAGE"))).toBe(String(number))
  })

  test("[T14] goes on from a cursor: a client of the relay misses nothing, which Spring's own broker cannot do", async () => {
    const channel = freshChannel("topic")
    let cursor: string
    {
      await using first = await connected(one)
      await first.subscribe(channel)
      await publish(server.base + channel, "one")
      cursor = (await first.frame("MESSAGE")).headers["cursor"] as string
    }
    await publish(server.base + channel, "two")
    await using second = await connected(two)
    await second.subscribe(channel, { after: cursor })
    expect(bodyText(await second.frame("MESSAGE"))).toBe("two")
  })

  test("[T16] acknowledges by the client", async () => {
    await using client = await connected(one)
    const channel = freshChannel("queue")
    await client.subscribe(channel, { ack: "client-individual", "prefetch-count": 1 })
    for (const text of ["a", "b", "c"]) await publish(server.base + channel, text)
    for (const text of ["a", "b", "c"]) {
      const message = await client.frame("MESSAGE")
      expect([bodyText(message), client.frames.ready]).toEqual([text, 0])
      client.send("ACK", { id: message.headers["ack"] as string })
    }
  })

  test("[T20] a client is told what was wrong with its frame, and nobody else is", async () => {
    await using client = await connected(one)
    await using neighbour = await connected(one)
    client.send("SEND", { destination: "/topic//x" }, "x")
    expect(await client.errorCode()).toBe("bad_channel")
    const channel = freshChannel("topic")
    await neighbour.subscribe(channel)
    await one.publish(channel, 1)
    expect(bodyText(await neighbour.frame("MESSAGE"))).toBe("1")
  })
})

describe("an unmodified controller behind the relay", () => {
  test("@SendTo answers everybody, on both servers", async () => {
    await using here = await connected(one)
    await using there = await connected(two)
    for (const client of [here, there]) await client.subscribe("/topic/answers")
    ask(here, "broadcast", "hello")
    for (const client of [here, there])
      expect(JSON.parse(bodyText(await client.frame("MESSAGE")))).toEqual({ text: "to all: hello" })
  })

  test("@SendToUser answers the session that asks, and no other of the same user", async () => {
    await using asking = await connected(one, "sue")
    await using sameUser = await connected(one, "sue")
    await using nameless = await connected(one)
    for (const client of [asking, sameUser, nameless]) await client.subscribe("/user/queue/answers")
    ask(asking, "session", "mine")
    const message = await asking.frame("MESSAGE")
    expect([JSON.parse(bodyText(message)), message.headers["destination"]]).toEqual([
      { text: "to the session: mine" },
      "/user/queue/answers",
    ])
    // Behind what they must not have heard.
    ask(nameless, "session", "own")
    expect(JSON.parse(bodyText(await nameless.frame("MESSAGE")))).toEqual({ text: "to the session: own" })
    ask(sameUser, "session", "own")
    expect(JSON.parse(bodyText(await sameUser.frame("MESSAGE")))).toEqual({ text: "to the session: own" })
    expect(asking.frames.ready).toBe(0)
  })

  test("@SendToUser answers all sessions of the user otherwise", async () => {
    await using asking = await connected(one, "uma")
    await using sameUser = await connected(one, "uma")
    for (const client of [asking, sameUser]) await client.subscribe("/user/queue/answers")
    ask(asking, "user", "ours")
    for (const client of [asking, sameUser])
      expect(JSON.parse(bodyText(await client.frame("MESSAGE")))).toEqual({ text: "to the user: ours" })
  })

  test("@MessageExceptionHandler and @SubscribeMapping answer the session that asks", async () => {
    await using client = await connected(one)
    await client.subscribe("/user/queue/errors", { id: "errors" })
    ask(client, "broken", "why")
    expect(JSON.parse(bodyText(await client.frame("MESSAGE")))).toEqual({ text: "failed: why" })
    client.send("SUBSCRIBE", { id: "state", destination: "/app/state" })
    expect(JSON.parse(bodyText(await client.frame("MESSAGE")))).toEqual({ text: "the state" })
  })
})

describe("two servers", () => {
  for (const user of ["张三", "a b:c@d"])
    test(`convertAndSendToUser reaches ${user} by the other server`, async () => {
      await using client = await connected(two, user)
      await client.subscribe("/user/queue/told")
      await one.tell(user, "/queue/told", { text: "by name" })
      const message = await client.frame("MESSAGE")
      expect(JSON.parse(bodyText(message))).toEqual({ text: "by name" })
      expect(message.headers["destination"]).toBe("/user/queue/told")
    })

  test("[T12] convertAndSendToUser reaches a user whom only the other server knows, by the destinations that nobody resolved", async () => {
    await using broadcasts = await connectStomp(server.base)
    await broadcasts.subscribe("/topic/unresolved-user-destination")
    await using bob = await connected(two, "bob")
    await bob.subscribe("/user/queue/told")
    await one.tell("bob", "/queue/told", { text: "over there" })
    const message = await bob.frame("MESSAGE")
    expect([JSON.parse(bodyText(message)), message.headers["destination"]]).toEqual([
      { text: "over there" },
      "/user/queue/told",
    ])
    expect((await broadcasts.frame("MESSAGE")).headers["simpOrigDestination"]).toBe("/user/bob/queue/told")
    expect(bob.frames.ready).toBe(0)
  })

  test("each knows the users of the other, and then reaches them without asking everybody", async () => {
    await using eve = await connected(two, "eve")
    await eve.subscribe("/user/queue/told")
    await eventually(async () => expect(await one.users()).toContain("eve"))
    await using broadcasts = await connectStomp(server.base)
    await broadcasts.subscribe("/topic/unresolved-user-destination")
    await one.tell("eve", "/queue/told", { text: "known" })
    expect(JSON.parse(bodyText(await eve.frame("MESSAGE")))).toEqual({ text: "known" })
    expect(broadcasts.frames.ready).toBe(0)
  }, 40_000)
})

describe("credentials and outages", () => {
  test("[T10] the relay shows a key as its passcode, and is not let in without", async () => {
    await using guarded = await startServer({ ...credentials, stomp: { tcp: 0 } })
    const options = { relayPort: guarded.laba.stompPort as number }
    await using refused = await spring.serve(options)
    await using relay = await spring.serve({ ...options, passcode: shop.text })
    await eventually(async () => expect(await relay.isAvailable()).toBe(true))
    await using client = await connected(relay, "ann")
    await client.subscribe("/user/queue/told")
    await relay.tell("ann", "/queue/told", { text: "let in" })
    expect(JSON.parse(bodyText(await client.frame("MESSAGE")))).toEqual({ text: "let in" })
    expect(await refused.isAvailable()).toBe(false)
  })

  test("the relay knows when Laba is gone, and comes back by itself", async () => {
    const first = await startServer({ stomp: { tcp: 0 } })
    const tcp = first.laba.stompPort as number
    await using relay = await spring.serve({ relayPort: tcp })
    await eventually(async () => expect(await relay.isAvailable()).toBe(true))
    await first[Symbol.asyncDispose]()
    await eventually(async () => expect(await relay.isAvailable()).toBe(false))
    await using second = await startServer({ stomp: { tcp } })
    await eventually(async () => expect(await relay.isAvailable()).toBe(true))
    const channel = freshChannel("topic")
    await relay.publish(channel, "back")
    await eventually(async () => expect(await (await fetch(second.base + channel)).text()).toBe("back"))
  })
})

describe("a message that is too large", () => {
  test("[T20] ends the relay's own connection where the server itself sends it, and the server knows until it is back; who listens stays", async () => {
    await using own = await spring.serve({ relayPort: relayPort() })
    await eventually(async () => expect(await own.isAvailable()).toBe(true))
    const channel = freshChannel("topic")
    await using client = await connected(own)
    await client.subscribe(channel)
    await using sender = await connected(own)
    await own.publish(channel, "x".repeat(80_000))
    await eventually(async () => expect(await own.isAvailable()).toBe(false))
    // What is sent meanwhile fails where it is sent, and is not lost without a word.
    await expect(own.publish(channel, "meanwhile")).rejects.toThrow("not active")
    sender.send("SEND", { destination: channel }, "by a client")
    expect((await sender.frame("ERROR")).headers["message"]).toBe("Broker not available.")
    await publish(server.base + channel, "by HTTP")
    expect(bodyText(await client.frame("MESSAGE"))).toBe("by HTTP")
    await eventually(async () => expect(await own.isAvailable()).toBe(true))
    await own.publish(channel, "back")
    expect(bodyText(await client.frame("MESSAGE"))).toBe("back")
  })
})

describe("a relay that speaks TLS", () => {
  test("[T25] is served at the TLS port, its own connection and those of its clients", async () => {
    await using certificate = await makeCertificate()
    await using secure = await startServer({ stomp: { tcp: 0 }, tls: certificate.files })
    const options = { relayPort: secure.laba.stompPort as number, certificate: certificate.files.cert }
    await using relay = await spring.serve(options)
    await eventually(async () => expect(await relay.isAvailable()).toBe(true))
    await using client = await connected(relay, "tina")
    const channel = freshChannel("topic")
    await client.subscribe(channel)
    await relay.publish(channel, "x".repeat(50_000))
    expect(bodyText(await client.frame("MESSAGE"))).toBe("x".repeat(50_000))
    client.send("SEND", { destination: channel }, "by a client")
    expect(bodyText(await client.frame("MESSAGE"))).toBe("by a client")
    await secure.laba.publish(channel, "by the server")
    expect(bodyText(await client.frame("MESSAGE"))).toBe("by the server")
  })
})

describe("heart-beats", () => {
  test("[T11] of ten seconds keep connections that say nothing else, both of the relay's own and of its clients", async () => {
    await Bun.sleep(Math.max(0, silenceMsMax + 2_000 - (performance.now() - startedMs)))
    expect(quiet.beats).toBeGreaterThanOrEqual(1)
    await quiet.subscribe("/user/queue/told")
    await one.tell("quiet", "/queue/told", { text: "still there" })
    expect(JSON.parse(bodyText(await quiet.frame("MESSAGE")))).toEqual({ text: "still there" })
    expect([await one.isAvailable(), await two.isAvailable()]).toEqual([true, true])
  })

  test("[T11] of ten seconds keep Spring's own clients over each transport", async () => {
    await Bun.sleep(Math.max(0, silenceMsMax + 2_000 - (performance.now() - startedMs)))
    const channel = freshChannel("topic")
    for (const client of quietClients) await client.subscribe(channel)
    await publish(server.base + channel, "still there")
    for (const client of quietClients) expect((await client.message()).payload).toBe("still there")
  })
})
