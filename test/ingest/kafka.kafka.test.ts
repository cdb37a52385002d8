// Reading from a real Kafka: what a record looks like, what is committed, and what happens when brokers, members and topics come and go.
import { afterAll, beforeAll, expect, test } from "bun:test"
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { kafka } from "../../src/ingest/kafka/kafka.ts"
import type { Source } from "../../src/ingest/source.ts"
import { KafkaServer } from "../support/brokers/kafka.ts"
import { eventually } from "../support/eventually.ts"
import { bodyText, RecordingReceiver } from "./recording-receiver.ts"

const minuteMs = 60_000
const longMs = 3 * minuteMs

let server: KafkaServer
let names = 0
const open: Source[] = []

beforeAll(async () => {
  server = await KafkaServer.start({ secured: true })
}, longMs)
afterAll(async () => {
  await Promise.all(open.map((source) => source.close()))
  await server[Symbol.asyncDispose]()
}, minuteMs)

const newName = (): string => `t${process.pid}-${++names}`

interface Reading {
  readonly receiver: RecordingReceiver
  readonly source: Source
}

async function read(
  topics: readonly string[],
  {
    receiver = new RecordingReceiver(),
    ...settings
  }: Record<string, unknown> & { receiver?: RecordingReceiver } = {},
): Promise<Reading> {
  const parsed = kafka.schema.parse({
    brokers: [server.address],
    topics,
    group: `g-${topics[0]}`,
    from: "start",
    ...settings,
  })
  const source = await kafka.open(parsed, receiver, {
    name: "test",
    node: null,
    clientId: `laba-test-${++names}`,
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

test(
  "tells a record's key, headers, type, time and place",
  async () => {
    const topic = newName()
    await server.createTopic(topic)
    const before = Date.now()
    await server.write([
      { topic, key: "k", value: "one", headers: { "content-type": "application/json", trace: "abc" } },
    ])
    const reading = await read([topic])
    await heard(reading, 1)
    const [first] = reading.receiver.published
    expect(first?.partition).toMatch(/^[\da-f-]{36}\/0$/)
    expect(first?.position).toBe("0".repeat(19))
    expect(first?.topic).toBe(topic)
    expect(Buffer.from(first?.key ?? []).toString()).toBe("k")
    expect(first?.contentType).toBe("application/json")
    expect(Buffer.from(first?.headers.get("trace") ?? []).toString()).toBe("abc")
    expect(first?.fields).toEqual({ partition: "0", offset: "0" })
    expect(first?.time ?? 0).toBeGreaterThanOrEqual(before)
  },
  minuteMs,
)

test(
  "passes over transactions that were given up, and tells a tombstone from an empty record",
  async () => {
    const topic = newName()
    await server.createTopic(topic)
    await server.writeByJava(topic)
    await server.write([{ topic, value: "last" }])
    const reading = await read([topic])
    await heard(reading, 4)
    expect(bodies(reading)).toEqual(["no key", null, "", "last"])
    const [noKey, tombstone, empty] = reading.receiver.published
    expect(noKey?.key).toBeNull()
    expect(Buffer.from(tombstone?.key ?? []).toString()).toBe("gone")
    expect(empty?.key?.length).toBe(0)
    await eventually(async () => expect(await reading.source.lag()).toBe(0))
  },
  minuteMs,
)

test(
  "reads batches however they are packed",
  async () => {
    const topic = newName()
    await server.createTopic(topic)
    const packed = ["none", "gzip", "snappy", "lz4", "zstd"] as const
    for (const compression of packed)
      await server.write(
        [1, 2, 3].map((number) => ({ topic, value: `${compression} ${number}` })),
        compression,
      )
    const reading = await read([topic])
    await heard(reading, 15)
    expect(bodies(reading)).toEqual(packed.flatMap((name) => [1, 2, 3].map((number) => `${name} ${number}`)))
  },
  minuteMs,
)

test(
  "goes on where it had settled, and begins with what is new where nothing was read before",
  async () => {
    const topic = newName()
    await server.createTopic(topic, 2)
    await server.write([0, 1].map((partition) => ({ topic, partition, value: "old" })))
    const first = await read([topic], { from: "new" })
    await eventually(() => expect(first.receiver.runs).toBe(1))
    // Before anything was read: the place is kept all the same.
    await close(first)
    await server.write([0, 1].map((partition) => ({ topic, partition, value: `new ${partition}` })))
    const second = await read([topic], { from: "new" })
    await heard(second, 2)
    expect(bodies(second).toSorted()).toEqual(["new 0", "new 1"])
    await close(second)
    const third = await read([topic], { from: "new" })
    await server.write([{ topic, partition: 0, value: "last" }])
    await heard(third, 1)
    expect(bodies(third)).toEqual(["last"])
    expect(third.receiver.repeated).toEqual([])
  },
  minuteMs,
)

test(
  "says that a topic is missing, and reads it once it is there",
  async () => {
    const topic = newName()
    const reading = await read([topic])
    await eventually(() => expect(reading.receiver.troubles[0]).toContain(topic))
    await server.createTopic(topic)
    await server.write([{ topic, value: "late" }])
    await heard(reading, 1)
    expect(bodies(reading)).toEqual(["late"])
  },
  minuteMs,
)

test(
  "shares nothing with a topic of the same name that was there before",
  async () => {
    const topic = newName()
    await server.createTopic(topic)
    await server.write([{ topic, value: "before" }])
    const reading = await read([topic])
    await heard(reading, 1)
    await server.deleteTopic(topic)
    await server.createTopic(topic)
    await server.write([{ topic, value: "after" }])
    await heard(reading, 2)
    expect(bodies(reading)).toEqual(["before", "after"])
    const [before, after] = reading.receiver.published
    expect(before?.position).toBe(after?.position as string)
    expect(before?.partition).not.toBe(after?.partition as string)
  },
  minuteMs,
)

test(
  "hands over no more than is asked for while the engine is away, and waits",
  async () => {
    const topic = newName()
    await server.createTopic(topic)
    await server.write(Array.from({ length: 5000 }, (_, number) => ({ topic, value: String(number) })))
    const receiver = new RecordingReceiver({ inFlightMax: 1000 })
    receiver.held = true
    const reading = await read([topic], { receiver })
    await eventually(() => expect(receiver.inFlightSeen).toBeGreaterThan(0))
    await Bun.sleep(500)
    expect(receiver.inFlightSeen).toBeLessThanOrEqual(2000)
    expect(await reading.source.lag()).toBe(5000)
    receiver.held = false
    await heard(reading, 5000)
    expect(bodies(reading)).toEqual(Array.from({ length: 5000 }, (_, number) => String(number)))
    await eventually(async () => expect(await reading.source.lag()).toBe(0))
  },
  minuteMs,
)

test(
  "shares a topic between two members, keeps order over each change, and loses nothing",
  async () => {
    const topic = newName()
    await server.createTopic(topic, 4)
    const marks = new Map<string, string>()
    const receivers = [1, 2].map(() => new RecordingReceiver({ publishMs: 1 }, marks))
    const all = () => receivers.flatMap(({ published }) => published)
    const first = await read([topic], { receiver: receivers[0] as RecordingReceiver })
    let total = 0
    let enough = false
    const writing = (async () => {
      while (!enough) {
        const from = total
        await server.write(
          Array.from({ length: 200 }, (_, at) => ({
            topic,
            partition: (from + at) % 4,
            value: String(from + at),
          })),
        )
        total += 200
      }
    })()
    await heard(first, 400)
    const second = await read([topic], { receiver: receivers[1] as RecordingReceiver })
    await heard(second, 400)
    await close(first)
    await heard(second, second.receiver.published.length + 800)
    enough = true
    await writing
    await eventually(() => expect(all().length).toBe(total))
    expect(new Set(all().map(bodyText)).size).toBe(total)
    for (const partition of new Set(all().map((message) => message.partition)))
      for (const { published } of receivers) {
        const positions = published
          .filter((message) => message.partition === partition)
          .map(({ position }) => position)
        expect(positions).toEqual(positions.toSorted())
      }
  },
  longMs,
)

test(
  "goes on after a broker was killed, and reads each record once",
  async () => {
    const topic = newName()
    await server.createTopic(topic, 2)
    const reading = await read([topic], { receiver: new RecordingReceiver({ publishMs: 2 }) })
    const write = (from: number): Promise<void> =>
      server.write(
        Array.from({ length: 2000 }, (_, at) => ({ topic, partition: at % 2, value: String(from + at) })),
      )
    await write(0)
    await heard(reading, 500)
    await server.kill()
    await eventually(() => expect(reading.receiver.troubles.length).toBeGreaterThan(0))
    await server.restart()
    await write(2000)
    await heard(reading, 4000)
    expect(new Set(bodies(reading)).size).toBe(4000)
  },
  longMs,
)

test(
  "goes on after a broker stood still, which ends no connection",
  async () => {
    const topic = newName()
    await server.createTopic(topic)
    await server.write([{ topic, value: "before" }])
    const reading = await read([topic])
    await heard(reading, 1)
    const { length } = reading.receiver.troubles
    server.pause()
    try {
      await eventually(() => expect(reading.receiver.troubles.length).toBeGreaterThan(length))
    } finally {
      server.resume()
    }
    await server.write([{ topic, value: "after" }])
    await heard(reading, 2)
    expect(bodies(reading)).toEqual(["before", "after"])
  },
  longMs,
)

test(
  "goes back to the start, and to a position",
  async () => {
    const topic = newName()
    await server.createTopic(topic)
    await server.write([0, 1, 2].map((number) => ({ topic, value: String(number) })))
    const reading = await read([topic])
    await heard(reading, 3)
    await reading.source.seek?.("start")
    await eventually(() => expect(reading.receiver.repeated.map(bodyText)).toEqual(["0", "1", "2"]))
    const { partition, position } = reading.receiver.published[2] as { partition: string; position: string }
    expect(await reading.source.seek?.({ partition: "another member's", position })).toBe(false)
    expect(await reading.source.seek?.({ partition, position })).toBe(true)
    await eventually(() => expect(reading.receiver.repeated.map(bodyText)).toEqual(["0", "1", "2", "2"]))
    await server.write([{ topic, value: "3" }])
    await heard(reading, 4)
  },
  minuteMs,
)

test(
  "puts a message into the topic for dead letters as it was, with the reason",
  async () => {
    const [topic, dead] = [newName(), newName()]
    await server.createTopic(topic)
    await server.createTopic(dead)
    await server.write([{ topic, key: "k", value: "bad", headers: { trace: "abc" } }])
    const reading = await read([topic], { deadLetterTopic: dead })
    await heard(reading, 1)
    const [message] = reading.receiver.published
    await reading.source.setAside?.(message as NonNullable<typeof message>, "It has no name.")
    const letters = await read([dead])
    await heard(letters, 1)
    const [letter] = letters.receiver.published
    expect(bodies(letters)).toEqual(["bad"])
    const headers = Object.fromEntries(
      [...(letter?.headers ?? [])].map(([name, value]) => [name, Buffer.from(value).toString()]),
    )
    expect(headers).toEqual({
      trace: "abc",
      "laba-reason": "It has no name.",
      "laba-topic": topic,
      "laba-partition": "0",
      "laba-offset": "0",
    })
    expect((await read([newName()])).source.setAside).toBeUndefined()
  },
  minuteMs,
)

test(
  "reads over TLS with a password, and says which of the two is wrong",
  async () => {
    const topic = newName()
    await server.createTopic(topic)
    await server.write([{ topic, value: "hidden" }])
    const ca = join(mkdtempSync(join(tmpdir(), "laba-ca-")), "ca.pem")
    writeFileSync(ca, server.certificate)
    for (const mechanism of ["plain", "scram-sha-256", "scram-sha-512"]) {
      const sasl = { mechanism, username: "laba", password: server.password }
      const secured = { brokers: [server.securedAddress], tls: { ca }, group: newName() }
      const reading = await read([topic], { ...secured, sasl })
      await heard(reading, 1)
      expect(bodies(reading)).toEqual(["hidden"])
      await close(reading)
      const wrong = await read([topic], { ...secured, sasl: { ...sasl, password: "wrong-secret" } })
      await eventually(() => expect(wrong.receiver.troubles[0]).toContain("refuses the user or the password"))
      expect(wrong.receiver.troubles.join()).not.toContain("wrong-secret")
      await close(wrong)
      const stranger = await read([topic], { ...secured, tls: true, sasl })
      await eventually(() => expect(stranger.receiver.troubles[0]).toMatch(/certificate/i))
      await close(stranger)
    }
  },
  longMs,
)
