// MQTT as a source, at a real Mosquitto: sessions that keep what comes while we are away, acknowledgements after settling, shared
// subscriptions, brokers that are killed.
import { expect, test } from "bun:test"
import { mqtt } from "../../src/ingest/mqtt/mqtt.ts"
import type { Source, SourceMessage } from "../../src/ingest/source.ts"
import { mqttClient, startMosquitto } from "../support/brokers/mqtt.ts"
import { eventually } from "../support/eventually.ts"
import { Received } from "./received.ts"

const inFlight = { messages: 20, bytes: 1 << 20 }

type Settings = Record<string, unknown>

async function open(url: string, more: Settings = {}, received = new Received(), node = "a") {
  const settings = mqtt.schema.parse({ url, topics: "orders/#", ...more })
  const context = { name: "orders", node, clientId: `laba-${node}`, inFlight }
  const source: Source = await mqtt.open(settings, received, context)
  received.source = source
  return { received, source, [Symbol.asyncDispose]: () => source.close() }
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `m${i}`)

for (const version of [5, "3.1.1"])
  for (const qos of [1, 2] as const)
    test(`hands over messages in order, in version ${version} with QoS ${qos}, those too that came while it was away`, async () => {
      await using broker = await startMosquitto()
      await using client = await mqttClient(broker.url)
      const first = await open(broker.url, { version, qos })
      await first.received.says(/running/)
      for (let i = 0; i < 50; i++) await client.publish(`orders/${i % 3}`, `m${i}`, { qos })
      await first.received.has(50)
      await first.source.close()
      for (let i = 50; i < 100; i++) await client.publish(`orders/${i % 3}`, `m${i}`, { qos })
      await using second = await open(broker.url, { version, qos })
      await second.received.has(50)
      await Bun.sleep(200)
      expect([...first.received.bodies, ...second.received.bodies]).toEqual(numbered(100))
    }, 60_000)

test("makes a message of a packet: topic, body, content type, user properties", async () => {
  await using broker = await startMosquitto()
  await using client = await mqttClient(broker.url)
  await using reader = await open(broker.url)
  const { received } = reader
  await received.says(/running/)
  await client.publish("orders/eu/42", '{"n":1}', {
    properties: { contentType: "application/json", userProperties: { trace: "t", twice: ["1", "2"] } },
  })
  await client.publish("orders", "")
  await received.has(2)
  const [first, second] = received.messages
  expect(first).toMatchObject({
    ...{ topic: "orders/eu/42", key: null, position: null, contentType: "application/json" },
    fields: { qos: "1", retained: "false" },
  })
  const text = (name: string) => new TextDecoder().decode(first?.headers.get(name))
  expect([text("trace"), text("twice")]).toEqual(["t", "1"])
  expect(second?.body).toHaveLength(0)
}, 60_000)

for (const qos of [1, 2] as const)
  test(`acknowledges only what is settled, with QoS ${qos}: the rest comes again, in order`, async () => {
    await using broker = await startMosquitto()
    await using client = await mqttClient(broker.url)
    const first = await open(broker.url, { qos })
    first.received.settles = false
    await first.received.says(/running/)
    for (let i = 0; i < 40; i++) await client.publish("orders/1", `m${i}`, { qos })
    await first.received.has(20)
    await Bun.sleep(300)
    // No more than may be in flight.
    expect(first.received.messages).toHaveLength(20)
    first.source.settle(first.received.messages.slice(0, 5))
    await first.received.has(25)
    await Bun.sleep(100)
    await first.source.close()
    await using second = await open(broker.url, { qos })
    await second.received.has(35)
    await Bun.sleep(200)
    expect(second.received.bodies).toEqual(numbered(40).slice(5))
  }, 60_000)

test("divides a shared subscription between nodes", async () => {
  await using broker = await startMosquitto()
  await using client = await mqttClient(broker.url)
  await using a = await open(broker.url, { share: "laba" }, new Received(), "a")
  await using b = await open(broker.url, { share: "laba" }, new Received(), "b")
  await a.received.says(/running/)
  await b.received.says(/running/)
  for (let i = 0; i < 40; i++) await client.publish("orders/1", `m${i}`)
  await eventually(() => expect(a.received.messages.length + b.received.messages.length).toBe(40))
  expect(new Set([...a.received.bodies, ...b.received.bodies])).toEqual(new Set(numbered(40)))
  expect(a.received.messages.length).toBeGreaterThan(0)
  expect(b.received.messages.length).toBeGreaterThan(0)
}, 60_000)

test("tells of another client with the same id", async () => {
  await using broker = await startMosquitto()
  await using first = await open(broker.url)
  await first.received.says(/running/)
  await using _ = await open(broker.url)
  // With version 5 a broker may say why. Mosquitto does not.
  await first.received.says(/another client/)
  await using third = await open(broker.url, { version: "3.1.1", clientId: "old" })
  await third.received.says(/running/)
  await using __ = await open(broker.url, { version: "3.1.1", clientId: "old" })
  await third.received.says(/is there another client with this client id/)
}, 60_000)

test("passes over what was retained before it came, unless it is asked for", async () => {
  await using broker = await startMosquitto()
  await using client = await mqttClient(broker.url)
  await client.publish("orders/1", "old", { retain: true })
  await using plain = await open(broker.url, { clientId: "plain" })
  await using wanting = await open(broker.url, { clientId: "wanting", retained: true })
  await wanting.received.has(1)
  await plain.received.says(/running/)
  await client.publish("orders/1", "new", { retain: true })
  await plain.received.has(1)
  await wanting.received.has(2)
  expect(plain.received.bodies).toEqual(["new"])
  expect(wanting.received.bodies).toEqual(["old", "new"])
  expect(wanting.received.messages[0]?.fields["retained"]).toBe("true")
}, 60_000)

test("tells of a wrong password, a refused subscription and nobody there, without a secret", async () => {
  await using broker = await startMosquitto({ password: "right" })
  await using wrong = await open(broker.url, { user: "laba", password: "wrong-secret" })
  await wrong.received.says(/what they may do|does not allow|refuses this user/)
  expect(wrong.received.events.join()).not.toContain("secret")
  await using right = await open(broker.url, { user: "laba", password: "right" })
  await right.received.says(/running/)
  await broker.kill()
  await right.received.says(/nothing listens there/)
}, 60_000)

test("speaks TLS, and tells of a certificate that nobody vouches for", async () => {
  await using broker = await startMosquitto({ tls: true })
  const { url, certificateFile } = broker
  await using good = await open(url, { tls: { ca: certificateFile } })
  await good.received.says(/running/)
  await using unknown = await open(url, { clientId: "unknown" })
  await unknown.received.says(/certificate/i)
  await using missing = await open(url, { clientId: "missing", tls: { ca: "/nowhere.pem" } })
  await missing.received.says(/\/nowhere\.pem cannot be read/)
}, 60_000)

test("publishes a message with the reason to the topic for dead letters", async () => {
  await using broker = await startMosquitto()
  await using client = await mqttClient(broker.url)
  await client.subscribe("dead/orders")
  await using reader = await open(broker.url, { deadLetterTopic: "dead/orders" })
  await reader.received.says(/running/)
  await client.publish("orders/1", "bad", { properties: { userProperties: { trace: "t" } } })
  await reader.received.has(1)
  await reader.source.setAside?.(reader.received.messages[0] as SourceMessage, "No value.")
  await eventually(() => expect(client.heard).toHaveLength(1))
  expect(client.heard[0]).toMatchObject({
    topic: "dead/orders",
    payload: Buffer.from("bad"),
    properties: { userProperties: { trace: "t", "laba-reason": "No value.", "laba-topic": "orders/1" } },
  })
}, 60_000)

test("waits with large messages while nothing more is taken", async () => {
  await using broker = await startMosquitto()
  await using client = await mqttClient(broker.url)
  const received = new Received()
  received.settles = false
  await using reader = await open(broker.url, { qos: 0 }, received)
  await received.says(/running/)
  const large = Buffer.alloc(200_000)
  for (let i = 0; i < 100; i++) await client.publish("orders/1", large, { qos: 0 })
  await Bun.sleep(500)
  // 1 MiB is reached with six; what one read has brought comes along.
  expect(received.messages.length).toBeLessThan(12)
  for (let settled = 0; settled < 100;) {
    await received.has(settled + 1)
    const next = received.messages.slice(settled)
    settled += next.length
    reader.source.settle(next)
  }
}, 60_000)

test("hands over, without its body, what is too large to be read, and goes on", async () => {
  await using broker = await startMosquitto()
  await using client = await mqttClient(broker.url)
  await using reader = await open(broker.url)
  const { received } = reader
  await received.says(/running/)
  await client.publish("orders/1", Buffer.alloc(20_000_000))
  await client.publish("orders/2", "m0")
  await received.has(2)
  const [large, next] = received.messages
  expect(large).toMatchObject({ topic: "orders/1", broken: "It is too large to be read: 20000013 bytes." })
  expect(next?.topic).toBe("orders/2")
  await reader.source.close()
  await using again = await open(broker.url)
  await again.received.says(/running/)
  await Bun.sleep(300)
  expect(again.received.messages).toEqual([])
}, 60_000)

test("hands over nothing while it is paused", async () => {
  await using broker = await startMosquitto()
  await using client = await mqttClient(broker.url)
  await using reader = await open(broker.url)
  await reader.received.says(/running/)
  reader.source.pause()
  for (let i = 0; i < 30; i++) await client.publish("orders/1", `m${i}`)
  await Bun.sleep(200)
  expect(reader.received.messages).toHaveLength(0)
  reader.source.resume()
  await reader.received.has(30)
  expect(reader.received.bodies).toEqual(numbered(30))
}, 60_000)

test("reads on after its broker was killed, by the session that was kept", async () => {
  await using broker = await startMosquitto({ durable: true })
  await using reader = await open(broker.url)
  await reader.received.says(/running/)
  await Bun.sleep(1500)
  {
    await using client = await mqttClient(broker.url)
    for (let i = 0; i < 100; i++) await client.publish("orders/1", `m${i}`)
  }
  await broker.restart()
  await using client = await mqttClient(broker.url)
  for (let i = 100; i < 200; i++) await client.publish("orders/1", `m${i}`)
  await eventually(() => expect(new Set(reader.received.bodies)).toEqual(new Set(numbered(200))))
  expect(reader.received.events.join()).not.toContain("has not kept our session")
}, 60_000)
