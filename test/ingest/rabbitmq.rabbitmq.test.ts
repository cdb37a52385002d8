// Reading from a real RabbitMQ: what a message looks like, when it is acknowledged, and what happens when servers and queues come and go.
import { afterAll, beforeAll, expect, test } from "bun:test"
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { rabbitmq } from "../../src/ingest/rabbitmq/rabbitmq.ts"
import type { Source } from "../../src/ingest/source.ts"
import { RabbitMqServer } from "../support/brokers/rabbitmq.ts"
import { eventually } from "../support/eventually.ts"
import { bodyText, RecordingReceiver } from "./recording-receiver.ts"

const minuteMs = 60_000
const longMs = 3 * minuteMs

let server: RabbitMqServer
let names = 0
const open: Source[] = []

beforeAll(async () => {
  server = await RabbitMqServer.start()
}, longMs)
afterAll(async () => {
  await Promise.all(open.map((source) => source.close()))
  await server[Symbol.asyncDispose]()
}, minuteMs)

const newName = (): string => `q${process.pid}.${++names}`

interface Reading {
  readonly receiver: RecordingReceiver
  readonly source: Source
}

async function read(
  queues: readonly string[],
  {
    receiver = new RecordingReceiver(),
    ...settings
  }: Record<string, unknown> & { receiver?: RecordingReceiver } = {},
): Promise<Reading> {
  const parsed = rabbitmq.schema.parse({ url: server.url, queues, ...settings })
  const source = await rabbitmq.open(parsed, receiver, {
    name: "test",
    clientId: `laba-test-${++names}`,
    node: "n1",
    inFlight: { messages: 1000, bytes: 1_000_000 },
  })
  receiver.settleAt(source)
  open.push(source)
  return { receiver, source }
}

async function close({ source }: Reading): Promise<void> {
  open.splice(open.indexOf(source), 1)
  await source.close()
}

const bodies = ({ receiver }: Reading): (string | null)[] => receiver.published.map(bodyText)
const heard = (reading: Reading, count: number): Promise<void> =>
  eventually(() => expect(reading.receiver.published.length).toBeGreaterThanOrEqual(count))

type Arguments = Readonly<Record<string, unknown>>

/** Makes a quorum queue, and writes texts into it. */
async function fill(queue: string, texts: readonly string[], more: Arguments = {}): Promise<void> {
  await using client = await server.open()
  const { channel } = client
  await channel.assertQueue(queue, { durable: true, arguments: { "x-queue-type": "quorum", ...more } })
  for (const text of texts) channel.sendToQueue(queue, Buffer.from(text), { persistent: true })
  await channel.waitForConfirms()
}

async function depth(queue: string): Promise<number> {
  await using client = await server.open()
  return (await client.channel.checkQueue(queue)).messageCount
}

const numbers = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, number) => String(from + number))

test(
  "tells a message's routing key, exchange, headers, properties, type and time",
  async () => {
    const queue = newName()
    await fill(queue, [])
    await using client = await server.open()
    const { channel } = client
    await channel.bindQueue(queue, "amq.topic", "sale.#")
    channel.publish("amq.topic", "sale.won", Buffer.from("{}"), {
      messageId: "m-1",
      contentType: "application/json",
      timestamp: 1_700_000_000,
      headers: { user: "Zoë", attempt: 2, nested: { deep: true } },
    })
    await channel.waitForConfirms()
    const reading = await read([queue])
    await heard(reading, 1)
    const [message] = reading.receiver.published
    const headers = Object.fromEntries(
      [...(message?.headers ?? [])].map(([name, value]) => [name, Buffer.from(value).toString()]),
    )
    expect(message?.partition).toBe(queue)
    expect(message?.position).toBeNull()
    expect(message?.topic).toBe("sale.won")
    expect(message?.contentType).toBe("application/json")
    expect(message?.time).toBe(1_700_000_000_000)
    expect(message?.fields).toEqual({ queue, exchange: "amq.topic", redelivered: "false" })
    expect(headers).toEqual({ "message-id": "m-1", user: "Zoë", attempt: "2", nested: '{"deep":true}' })
  },
  minuteMs,
)

test(
  "acknowledges what was settled, and gives back the rest in its order",
  async () => {
    const queue = newName()
    await fill(queue, numbers(500))
    const receiver = new RecordingReceiver({ publishMs: 10 })
    const first = await read([queue], { receiver, prefetch: 150 })
    await heard(first, 200)
    await close(first)
    const second = await read([queue])
    await heard(second, 500 - receiver.published.length)
    expect([...bodies(first), ...bodies(second)]).toEqual(numbers(500))
    await eventually(async () => expect(await depth(queue)).toBe(0))
  },
  minuteMs,
)

test(
  "takes no more than its prefetch while the engine is away",
  async () => {
    const queue = newName()
    await fill(queue, numbers(500))
    const receiver = new RecordingReceiver()
    receiver.held = true
    const reading = await read([queue], { receiver, prefetch: 50 })
    await eventually(() => expect(receiver.inFlightSeen).toBe(50))
    await Bun.sleep(300)
    expect(receiver.inFlightSeen).toBe(50)
    expect(await reading.source.lag()).toBe(450)
    receiver.held = false
    await heard(reading, 500)
    expect(bodies(reading)).toEqual(numbers(500))
  },
  minuteMs,
)

test(
  "reads nothing while it is paused, and goes on",
  async () => {
    const queue = newName()
    await fill(queue, [])
    const reading = await read([queue])
    await eventually(() => expect(reading.receiver.runs).toBe(1))
    reading.source.pause()
    await Bun.sleep(200)
    await fill(queue, numbers(10))
    await Bun.sleep(300)
    expect(bodies(reading)).toEqual([])
    reading.source.resume()
    await heard(reading, 10)
  },
  minuteMs,
)

test(
  "goes on after the server was killed, and loses nothing",
  async () => {
    const queue = newName()
    // A quorum queue that is seconds old does not come back after a kill: RabbitMQ 3.10 has not saved its name yet.
    const classic = { "x-queue-type": "classic" }
    await fill(queue, numbers(2000), classic)
    const reading = await read([queue], { receiver: new RecordingReceiver({ publishMs: 5 }) })
    await heard(reading, 300)
    await server.kill()
    await eventually(() => expect(reading.receiver.troubles.length).toBeGreaterThan(0))
    await server.restart()
    await eventually(() => fill(queue, numbers(500, 2000), classic))
    await eventually(() => expect(new Set(bodies(reading)).size).toBe(2500))
    // The first of each, whatever came again.
    expect([...new Set(bodies(reading))]).toEqual(numbers(2500))
  },
  longMs,
)

test(
  "says that a queue is missing, reads the others, and comes back when it is there",
  async () => {
    const [queue, later] = [newName(), newName()]
    await fill(queue, ["here"])
    const reading = await read([later, queue])
    await heard(reading, 1)
    expect(reading.receiver.troubles).toEqual([`RabbitMQ has no queue ${later}.`])
    await fill(later, ["late"])
    await heard(reading, 2)
    await using client = await server.open()
    await client.channel.deleteQueue(later)
    await eventually(() => expect(reading.receiver.troubles.length).toBeGreaterThan(1))
    await fill(later, ["again"])
    await heard(reading, 3)
    expect(bodies(reading)).toEqual(["here", "late", "again"])
  },
  minuteMs,
)

test(
  "refuses a message so that the queue's own place for dead letters gets it",
  async () => {
    const [queue, dead] = [newName(), newName()]
    await fill(dead, [])
    await fill(queue, ["bad", "good"], {
      "x-dead-letter-exchange": "",
      "x-dead-letter-routing-key": dead,
    })
    const receiver = new RecordingReceiver()
    receiver.held = true
    const reading = await read([queue], { receiver })
    await eventually(() => expect(receiver.inFlightSeen).toBe(2))
    const [bad] = receiver.held ? receiver.taken : []
    await reading.source.setAside?.(bad as NonNullable<typeof bad>, "It has no name.")
    receiver.held = false
    await heard(reading, 2)
    await eventually(async () => expect(await depth(dead)).toBe(1))
    await close(reading)
    expect(await depth(queue)).toBe(0)
  },
  minuteMs,
)

test(
  "puts a message into the queue for dead letters, with the reason",
  async () => {
    const [queue, dead] = [newName(), newName()]
    await fill(queue, ["bad"])
    const receiver = new RecordingReceiver()
    const reading = await read([queue], { receiver, deadLetterQueue: dead })
    await heard(reading, 1)
    const [bad] = receiver.published as [NonNullable<(typeof receiver.published)[0]>]
    await expect(reading.source.setAside?.(bad, "It has no name.")).rejects.toThrow(dead)
    await fill(dead, [])
    await reading.source.setAside?.(bad, "It has no name.")
    const letters = await read([dead])
    await heard(letters, 1)
    const [letter] = letters.receiver.published
    expect(bodies(letters)).toEqual(["bad"])
    expect(Buffer.from(letter?.headers.get("laba-reason") ?? []).toString()).toBe("It has no name.")
    expect(Buffer.from(letter?.headers.get("laba-queue") ?? []).toString()).toBe(queue)
  },
  minuteMs,
)

test(
  "reads over TLS, and says whether the password or the certificate is wrong",
  async () => {
    const queue = newName()
    await fill(queue, ["hidden"])
    const ca = join(mkdtempSync(join(tmpdir(), "laba-ca-")), "ca.pem")
    writeFileSync(ca, server.certificate)
    const reading = await read([queue], { url: server.tlsUrl, tls: { ca } })
    await heard(reading, 1)
    const stranger = await read([queue], { url: server.tlsUrl })
    await eventually(() => expect(stranger.receiver.troubles[0]).toMatch(/certificate/i))
    const wrong = await read([queue], { url: server.url.replace("guest:guest", "guest:wrong-secret") })
    await eventually(() =>
      expect(wrong.receiver.troubles[0]).toBe("RabbitMQ refuses the user or the password."),
    )
    const nowhere = await read([queue], { url: `${server.url}/nowhere` })
    await eventually(() => expect(nowhere.receiver.troubles[0]).toContain("virtual host"))
    for (const each of [stranger, wrong, nowhere]) await close(each)
  },
  minuteMs,
)

test("shows no password", () => {
  const parsed = rabbitmq.schema.parse({ url: "amqp://laba:a-secret@mq:5672/shop", queues: ["orders"] })
  expect(rabbitmq.describe(parsed)).toBe("rabbitmq orders at mq:5672")
})
