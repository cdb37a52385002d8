// A stream of JetStream as a source, at a real server: what a reader left behind, readers that follow each other, streams that
// are made anew, servers that are killed.
import { expect, test } from "bun:test"
import { AckPolicy, RetentionPolicy, StorageType, type StreamConfig } from "@nats-io/jetstream"
import { headers as makeHeaders } from "@nats-io/transport-node"
import { nats } from "../../src/ingest/nats/nats.ts"
import type { Source, SourceMessage } from "../../src/ingest/source.ts"
import { type NatsServer, natsClient, startNats } from "../support/brokers/nats.ts"
import { eventually } from "../support/eventually.ts"
import { Received } from "./received.ts"

const inFlight = { messages: 100, bytes: 1 << 20 }

type Settings = Record<string, unknown>

async function open(server: NatsServer, more: Settings = {}, received = new Received(), clientId = "laba-a") {
  const settings = nats.schema.parse({ servers: server.address, stream: "ORDERS", ...more })
  const source: Source = await nats.open(settings, received, {
    name: "orders",
    node: null,
    clientId,
    inFlight,
  })
  received.source = source
  return { received, source, [Symbol.asyncDispose]: () => source.close() }
}

async function stage(config: Partial<StreamConfig> = {}) {
  const server = await startNats()
  const client = await natsClient(server)
  const make = () => client.manager.streams.add({ name: "ORDERS", subjects: ["orders.>"], ...config })
  await make()
  const publish = async (from: number, count: number) => {
    for (let i = from; i < from + count; i++) await client.js.publish(`orders.${i % 3}`, `m${i}`)
  }
  return {
    ...{ server, client, make, publish },
    async [Symbol.asyncDispose]() {
      await client.connection.close()
      await server[Symbol.asyncDispose]()
    },
  }
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `m${i}`)

test("hands over messages in order, by their sequence, and acknowledges what is settled", async () => {
  await using world = await stage()
  await world.publish(0, 150)
  await using reader = await open(world.server)
  const { received, source } = reader
  await received.has(150)
  await world.publish(150, 100)
  await received.has(250)
  expect(received.bodies).toEqual(numbered(250))
  const positions = received.messages.map(({ position }) => position ?? "")
  expect(positions).toEqual([...positions].sort())
  expect(positions[0]).toBe("00000000000000000001")
  expect(new Set(received.messages.map(({ partition }) => partition)).size).toBe(1)
  await eventually(async () => expect(await source.lag()).toBe(0))
}, 60_000)

test("makes a message of what was published, with its headers", async () => {
  await using world = await stage()
  const headers = makeHeaders()
  headers.set("Content-Type", "application/json")
  headers.set("trace", "t")
  await world.client.js.publish("orders.eu", '{"n":1}', { headers })
  const deletion = makeHeaders()
  deletion.set("KV-Operation", "DEL")
  await world.client.js.publish("orders.gone", "", { headers: deletion })
  await world.client.js.publish("orders.empty", "")
  await using reader = await open(world.server)
  const { received } = reader
  await received.has(3)
  const [first, second, third] = received.messages
  expect(first).toMatchObject({
    ...{ topic: "orders.eu", key: null, contentType: "application/json" },
    fields: { stream: "ORDERS", subject: "orders.eu", sequence: "1" },
  })
  expect(new TextDecoder().decode(first?.headers.get("trace"))).toBe("t")
  expect(Math.abs((first?.time ?? 0) - Date.now())).toBeLessThan(600_000)
  expect(second?.body).toBeNull()
  expect(third?.body).toEqual(new Uint8Array())
}, 60_000)

test("reads only the subjects that it is told", async () => {
  await using world = await stage()
  await world.publish(0, 9)
  await using one = await open(world.server, { subjects: ["orders.1"], durable: "one" })
  await using two = await open(world.server, { subjects: ["orders.1", "orders.2"], durable: "two" })
  await one.received.has(3)
  await two.received.has(6)
  expect(one.received.bodies).toEqual(["m1", "m4", "m7"])
  expect(two.received.bodies).toEqual(["m1", "m2", "m4", "m5", "m7", "m8"])
}, 60_000)

test("begins behind what was acknowledged, with what the reader before left, in order", async () => {
  await using world = await stage()
  await world.publish(0, 60)
  const first = await open(world.server)
  first.received.settles = false
  await first.received.has(60)
  first.source.settle(first.received.messages.slice(0, 20))
  await first.source.close()
  await world.publish(60, 10)
  await using second = await open(world.server, {}, new Received(), "laba-b")
  await second.received.has(50)
  expect(second.received.bodies).toEqual(numbered(70).slice(20))
}, 60_000)

test("gives nothing more to a reader that was followed by another", async () => {
  await using world = await stage()
  await using first = await open(world.server)
  await first.received.says(/running/)
  await Bun.sleep(300)
  // Its pull is under way; whoever follows ends it.
  await using second = await open(world.server, {}, new Received(), "laba-b")
  await first.received.says(/Consumer Deleted/)
  expect(first.received.events).toContain("release")
  await world.publish(0, 30)
  await eventually(() => {
    const all = new Set([...first.received.bodies, ...second.received.bodies])
    expect(all).toEqual(new Set(numbered(30)))
  })
}, 60_000)

test("reads nothing past what the consumer gave to somebody else", async () => {
  await using world = await stage()
  await using reader = await open(world.server)
  await world.publish(0, 3)
  await reader.received.has(3)
  reader.source.pause()
  await Bun.sleep(200)
  // Our own pull still waits and would win: others pull first once it has been used up.
  await world.publish(3, 100)
  const thief = await world.client.js.consumers.get("ORDERS", "laba-orders")
  await eventually(async () => {
    const stolen = await thief.next({ expires: 1000 })
    if (!stolen) throw new Error("nothing was stolen")
  })
  reader.source.resume()
  await reader.received.says(/handed messages to another reader/)
  const once = () =>
    new Map(reader.received.messages.map(({ position }, i) => [position, reader.received.bodies[i]]))
  await eventually(() => expect(once().size).toBe(103))
  expect([...once().values()]).toEqual(numbered(103))
}, 60_000)

test("names a stream that was made anew otherwise, and waits for one that is not there", async () => {
  await using world = await stage()
  await using reader = await open(world.server)
  await world.publish(0, 1)
  await reader.received.has(1)
  await world.client.manager.streams.delete("ORDERS")
  await reader.received.says(/there is no stream ORDERS/)
  await world.make()
  await world.publish(0, 1)
  await reader.received.has(2)
  const [before, after] = reader.received.messages as [SourceMessage, SourceMessage]
  expect(before.position).toBe(after.position as string)
  expect(before.partition).not.toBe(after.partition)
}, 60_000)

test("keeps its place when a node dies while the consumer is made anew", async () => {
  await using world = await stage()
  await world.publish(0, 20)
  const first = await open(world.server, { from: "new" })
  await first.received.says(/running/)
  await world.publish(20, 10)
  await first.received.has(10)
  await eventually(async () => expect(await first.source.lag()).toBe(0))
  await first.source.close()
  // As between the two steps.
  const { consumers } = world.client.manager
  await consumers.add("ORDERS", {
    ...{ durable_name: "laba-orders_place", ack_policy: AckPolicy.Explicit },
    ...{ deliver_policy: "by_start_sequence" as never, opt_start_seq: 31 },
  })
  await consumers.delete("ORDERS", "laba-orders")
  await world.publish(30, 10)
  await using second = await open(world.server, { from: "new" }, new Received(), "laba-b")
  await second.received.has(10)
  expect(second.received.bodies).toEqual(numbered(40).slice(30))
  await expect(consumers.info("ORDERS", "laba-orders_place")).rejects.toThrow()
}, 60_000)

test("reads work queues and streams that keep what somebody wants", async () => {
  for (const retention of [RetentionPolicy.Workqueue, RetentionPolicy.Interest]) {
    await using world = await stage({ retention, storage: StorageType.Memory })
    const first = await open(world.server)
    first.received.settles = false
    await first.received.says(/running/)
    await world.publish(0, 20)
    await first.received.has(20)
    first.source.settle(first.received.messages.slice(0, 5))
    await first.source.close()
    await using second = await open(world.server, {}, new Received(), "laba-b")
    await second.received.has(15)
    expect(second.received.bodies).toEqual(numbered(20).slice(5))
    await eventually(async () =>
      expect((await world.client.manager.streams.info("ORDERS")).state.messages).toBe(0),
    )
  }
}, 60_000)

test("says how many messages the stream has lost by its limits before they were read", async () => {
  await using world = await stage({ max_msgs: 10 })
  await world.publish(0, 30)
  await using reader = await open(world.server)
  await reader.received.has(10)
  // What was gone before anybody read by this consumer is missed by nobody.
  expect(reader.received.bodies).toEqual(numbered(30).slice(20))
  await eventually(async () => expect(await reader.source.lag()).toBe(0))
  await reader.source.close()
  await world.publish(30, 15)
  await using again = await open(world.server, {}, new Received(), "laba-b")
  await again.received.has(11)
  expect(again.received.messages[0]?.broken).toContain("lost 5 messages here")
  expect(again.received.bodies.slice(1)).toEqual(numbered(45).slice(35))
}, 60_000)

test("goes to its start, to a time and to a position, also while it is paused", async () => {
  await using world = await stage()
  await world.publish(0, 3)
  await Bun.sleep(50)
  const time = Date.now()
  await Bun.sleep(50)
  await world.publish(3, 3)
  await using reader = await open(world.server)
  const { received, source } = reader
  await received.has(6)
  await source.seek?.("start")
  await received.has(12)
  source.pause()
  await source.seek?.({ time })
  source.resume()
  await received.has(15)
  const { partition, position } = received.messages[5] as { partition: string; position: string }
  expect(await source.seek?.({ partition: "another", position })).toBe(false)
  expect(await source.seek?.({ partition, position })).toBe(true)
  await received.has(16)
  expect(received.bodies).toEqual([...numbered(6), ...numbered(6), "m3", "m4", "m5", "m5"])
}, 60_000)

test("publishes a message with the reason to the subject for dead letters, once", async () => {
  await using world = await stage()
  await world.client.manager.streams.add({ name: "DEAD", subjects: ["dead.>"] })
  await world.publish(0, 1)
  await using reader = await open(world.server, { deadLetterSubject: "dead.orders" })
  const { received, source } = reader
  received.settles = false
  await received.has(1)
  const [message] = received.messages as [SourceMessage]
  await source.setAside?.(message, "No value.\nAt all.")
  await source.setAside?.(message, "No value.\nAt all.")
  source.settle([message])
  const dead = await world.client.manager.streams.getMessage("DEAD", { seq: 1 })
  expect(dead?.header.get("Laba-Reason")).toBe("No value. At all.")
  expect(dead?.header.get("Laba-sequence")).toBe("1")
  expect(dead && new TextDecoder().decode(dead.data)).toBe("m0")
  expect((await world.client.manager.streams.info("DEAD")).state.messages).toBe(1)
  await eventually(async () => expect(await source.lag()).toBe(0))
  await using other = await open(world.server, { durable: "other" })
  expect(other.source.setAside).toBeUndefined()
}, 60_000)

test("tells of a wrong password, of a wrong certificate and of a consumer that is another's, without a secret", async () => {
  await using locked = await startNats({ password: "right" })
  await using refused = await open(locked, { user: "laba", password: "wrong-secret" })
  await refused.received.says(/refuses this user/)
  expect(refused.received.events.join()).not.toContain("secret")
  await using world = await stage()
  await world.client.manager.consumers.add("ORDERS", {
    ...{ durable_name: "push", deliver_subject: "out", ack_policy: AckPolicy.None },
  })
  await using another = await open(world.server, { durable: "push" })
  await another.received.says(/somebody else's/)
}, 60_000)

test("speaks TLS, and tells of a certificate that nobody vouches for", async () => {
  await using server = await startNats({ tls: true, password: "right" })
  const { address, certificateFile } = server
  await using client = await natsClient(server, {
    ...{ user: "laba", pass: "right", tls: { ca: await Bun.file(certificateFile).text() } },
  })
  await client.manager.streams.add({ name: "ORDERS", subjects: ["orders.>"] })
  await client.js.publish("orders.1", "m0")
  const login = { user: "laba", password: "right" }
  await using good = await open(server, { ...login, tls: { ca: certificateFile } })
  await good.received.has(1)
  await using unknown = await open(server, { ...login, servers: [`tls://${address}`], durable: "unknown" })
  await unknown.received.says(/certificate/i)
  await using missing = await open(server, { ...login, tls: { ca: "/nowhere.pem" }, durable: "missing" })
  await missing.received.says(/\/nowhere\.pem cannot be read/)
}, 60_000)

test("reads on after its server was killed", async () => {
  await using world = await stage()
  await using reader = await open(world.server)
  await world.publish(0, 300)
  await world.server.restart()
  await eventually(() => world.publish(300, 1))
  await world.publish(301, 299)
  await reader.received.says(/NATS at/)
  const once = () =>
    new Map(reader.received.messages.map(({ position }, i) => [position, reader.received.bodies[i]]))
  await eventually(() => expect(new Set(once().values())).toEqual(new Set(numbered(600))))
}, 60_000)

test("holds no more than it may, in bytes too, and waits while nothing more is taken", async () => {
  await using world = await stage()
  const large = "x".repeat(100_000)
  for (let i = 0; i < 100; i++) await world.client.js.publish("orders.1", large)
  const received = new Received()
  received.hold()
  await using reader = await open(world.server, {}, received)
  await received.has(1)
  await Bun.sleep(500)
  expect(received.messages.length).toBeLessThanOrEqual(20)
  expect(await reader.source.lag()).toBeGreaterThan(0)
  received.go()
  await received.has(100)
}, 60_000)
