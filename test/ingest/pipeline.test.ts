// An ingest on one node, with a scripted source: what fails, what waits, what is at fault, what ends.
import { expect, test } from "bun:test"
import type { Channel } from "../../src/channels/channel.ts"
import { replayDeadLetters } from "../../src/ingest/replay-dead-letters.ts"
import { LabaError } from "../../wire/error.ts"
import { eventually } from "../support/eventually.ts"
import { settledAll, stage } from "./stage.ts"

const letters = (published: ReadonlyMap<string, readonly string[]>) =>
  (published.get("/ingest/orders/dead") ?? []).map((text) => JSON.parse(text) as Record<string, unknown>)

test("[I1] settles a message when it is published, and not before", async () => {
  const { broker, engine, begin } = stage()
  engine.away = true
  const runner = begin()
  broker.write("p", { key: "a", body: "1" })
  await eventually(() => expect(runner.state).toBe("held"))
  expect(broker.waiting).toBe(1)
  engine.away = false
  await settledAll(broker)
  expect(engine.published.get("/orders/a")).toEqual(["1"])
  expect(runner.state).toBe("running")
  await runner.stop(1000)
})

test("[I6] sets a message at fault aside with all that is known of it, and goes on", async () => {
  const { broker, engine, told, begin } = stage({ route: { to: ["/orders/{json.id}"] } })
  const runner = begin()
  const headers = new Map([
    ["trace", new TextEncoder().encode("t1")],
    ["raw", new Uint8Array([0xff])],
  ])
  broker.write(
    "p",
    { body: '{"id":1}' },
    { key: "k", body: "no", headers },
    { body: null },
    { body: '{"id":2}' },
  )
  await settledAll(broker)
  expect([...engine.published.keys()].sort()).toEqual(["/ingest/orders/dead", "/orders/1", "/orders/2"])
  const [first, second] = letters(engine.published)
  expect(first).toMatchObject({
    ...{
      ingest: "orders",
      reason: expect.stringMatching(/not JSON/),
      partition: "p",
      topic: "orders",
      key: "k",
    },
    ...{ position: "00000000000000000001", headers: { trace: "t1", raw: { base64: "/w==" } }, body: "no" },
    ...{ bodyBytes: 2, cut: false },
  })
  expect(second).toMatchObject({ reason: expect.stringMatching(/tombstone/), body: null })
  expect(told.filter((line) => line.startsWith("set aside"))).toHaveLength(1)
  expect((await runner.report()).deadLetters).toBe(2)
  await runner.stop(1000)
})

test("[I6] cuts what is too long to be set aside whole, and says so", async () => {
  const { broker, engine, begin } = stage()
  const runner = begin()
  broker.write("p", { key: "a", body: "x".repeat(5000) }, { key: "a", body: "after" })
  await settledAll(broker)
  const [letter] = letters(engine.published)
  expect(letter).toMatchObject({
    cut: true,
    bodyBytes: 5000,
    reason: expect.stringMatching(/at most 1000 bytes/),
  })
  expect(JSON.stringify(letter).length).toBeLessThanOrEqual(1000)
  expect(engine.published.get("/orders/a")).toEqual(["after"])
  await runner.stop(1000)
})

test("[I6] puts it at the source's own place where that is wanted", async () => {
  const { broker, engine, begin } = stage({ config: { deadLetter: "source" } })
  const runner = begin()
  broker.write("p", { body: "no key" }, { key: "a", body: "1" })
  await settledAll(broker)
  expect(broker.setAside).toMatchObject([{ reason: "The message has no {key}." }])
  expect(engine.published.get("/orders/a")).toEqual(["1"])
  await runner.stop(1000)
})

test("sets aside what the engine refuses for good, once, and keeps the order of the rest", async () => {
  const { broker, engine, begin } = stage()
  engine.refusing.set("/orders/b", new LabaError("forbidden", "Not there."))
  const runner = begin()
  broker.write("p", ...["a", "b", "a", "b", "a"].map((key, n) => ({ key, body: String(n) })))
  await settledAll(broker)
  await broker.opened[0]?.rebalance()
  broker.settled.clear()
  await broker.opened[0]?.rebalance()
  await settledAll(broker)
  expect(engine.published.get("/orders/a")).toEqual(["0", "2", "4"])
  // In the order in which the engine refused them.
  expect(
    letters(engine.published)
      .map(({ body, reason }) => [body, reason])
      .toSorted(),
  ).toEqual([
    ["1", "Not there."],
    ["3", "Not there."],
  ])
  await runner.stop(1000)
})

test("[I7] takes no more than its bound while the engine is away", async () => {
  const { broker, engine, begin } = stage({ config: { inFlight: { messages: 7, bytes: 1_000_000 } } })
  broker.batch = 3
  engine.away = true
  const runner = begin()
  broker.write("p", ...Array.from({ length: 100 }, (_, n) => ({ key: "a", body: String(n) })))
  await eventually(async () => expect((await runner.report()).inFlight).toBe(9))
  await Bun.sleep(20)
  expect((await runner.report()).inFlight).toBe(9)
  engine.away = false
  await settledAll(broker)
  expect(engine.published.get("/orders/a")).toHaveLength(100)
  await runner.stop(1000)
})

test("[I7] counts what is in headers, too, among the bytes that it holds", async () => {
  const { broker, engine, begin } = stage({ config: { inFlight: { messages: 1000, bytes: 50_000 } } })
  broker.batch = 1
  engine.away = true
  const runner = begin()
  const headers = new Map([["h", new Uint8Array(10_000)]])
  broker.write("p", ...Array.from({ length: 50 }, () => ({ key: "a", body: "1", headers })))
  await eventually(async () => expect((await runner.report()).inFlight).toBe(5))
  await Bun.sleep(20)
  expect((await runner.report()).inFlight).toBe(5)
  engine.away = false
  await settledAll(broker)
  expect((await runner.report()).inFlightBytes).toBe(0)
  await runner.stop(1000)
})

test("[I7] lets the loop turn between messages that are long", async () => {
  const { broker, engine, begin } = stage({ route: { to: ["/orders/a"], when: { "json.a": 1 } } })
  broker.batch = 60
  let read = 0
  const turns: number[] = []
  const body = `{"a":1,"b":"${"x".repeat(10_000)}"}`
  broker.write("p", ...Array.from({ length: 60 }, () => ({ body })))
  const runner = begin()
  const { outcomeOf } = runner.route
  runner.route.outcomeOf = (message) => {
    read++
    return outcomeOf.call(runner.route, message)
  }
  while (broker.waiting > 0) {
    const before = read
    await new Promise((resolve) => setImmediate(resolve))
    turns.push(read - before)
  }
  expect(Math.max(...turns)).toBeLessThan(30)
  expect(engine.published.get("/ingest/orders/dead")).toHaveLength(60)
  await runner.stop(1000)
})

test("[I7] waits for listeners that lag, and lets nothing overtake", async () => {
  const { broker, engine, begin } = stage()
  const room = Promise.withResolvers<void>()
  engine.full.set("/orders/a", room.promise)
  const runner = begin()
  broker.write("p", { key: "b", body: "0" }, { key: "a", body: "1" }, { key: "b", body: "2" })
  await eventually(() => expect(engine.published.get("/orders/b")).toEqual(["0"]))
  engine.full.clear()
  room.resolve()
  await settledAll(broker)
  expect(engine.published.get("/orders/b")).toEqual(["0", "2"])
  await runner.stop(1000)
})

test("[I2] knows a message without a position by its id, and keeps the order of each channel", async () => {
  const { broker, engine, begin } = stage({ route: { id: "{header.id}" } })
  engine.percentFailing = 40
  const kind = { ...broker.kind(), positions: false }
  const runner = begin({ kind })
  const written = Array.from({ length: 60 }, (_, n) => ({
    key: `k${n % 3}`,
    body: String(n),
    headers: new Map([["id", new TextEncoder().encode(`m${n}`)]]),
  }))
  // The second half comes twice.
  broker.write("q", ...written, ...written.slice(30))
  await settledAll(broker)
  for (const key of [0, 1, 2])
    expect(engine.published.get(`/orders/k${key}`)).toEqual(
      written.filter((_, n) => n % 3 === key).map(({ body }) => body),
    )
  await runner.stop(1000)
})

test("pushes to one connection, and passes over who has gone", async () => {
  const { broker, engine, begin } = stage({ route: { to: [], connection: "{key}" } })
  const runner = begin()
  broker.write("p", { key: "c1", body: "1" }, { key: "gone", body: "2" }, { key: "c1", body: "3" })
  await settledAll(broker)
  expect(engine.pushed).toEqual([
    { connection: "c1", data: "1" },
    { connection: "c1", data: "3" },
  ])
  expect(await runner.report()).toMatchObject({ passedOver: 1, deadLetters: 0 })
  await runner.stop(1000)
})

test("[I9] publishes what it has taken when it ends, and gives back what it cannot", async () => {
  const { broker, engine, begin } = stage()
  engine.away = true
  const first = begin()
  broker.write("p", ...Array.from({ length: 30 }, (_, n) => ({ key: "a", body: String(n) })))
  await eventually(async () => expect((await first.report()).inFlight).toBeGreaterThan(0))
  const ended = first.stop(4000)
  engine.away = false
  await ended
  expect(engine.published.get("/orders/a")?.length).toBe(30 - broker.waiting)
  expect(broker.waiting).toBeLessThan(30)
  engine.away = true
  const second = begin()
  broker.write("p", { key: "a", body: "30" })
  await eventually(async () => expect((await second.report()).inFlight).toBeGreaterThan(0))
  await second.stop(10)
  expect(broker.waiting).toBeGreaterThan(0)
  engine.away = false
  const third = begin()
  await settledAll(broker)
  expect(engine.published.get("/orders/a")).toEqual(Array.from({ length: 31 }, (_, n) => String(n)))
  await third.stop(1000)
})

test("[I8] opens a source again that could not be opened, and tells it once", async () => {
  const { broker, told, begin } = stage()
  let tries = 0
  const kind = broker.kind()
  const failing = {
    ...kind,
    open: async (...given: Parameters<typeof kind.open>) => {
      if (++tries < 4) throw new Error("the certificate cannot be read")
      return kind.open(...given)
    },
  }
  broker.write("p", { key: "a", body: "1" })
  const runner = begin({ kind: failing })
  await settledAll(broker)
  expect(told.filter((line) => line.startsWith("away"))).toEqual([
    "away: It could not be opened: the certificate cannot be read",
  ])
  expect(runner.state).toBe("running")
  await runner.stop(1000)
})

test("reads a source of its kind alone, where that is needed, and another node follows", async () => {
  const holders = new Set<string>()
  const leasesOf = (self: string) => ({
    acquire: () =>
      holders.size === 0 || holders.has(self) ? (holders.add(self), "ours" as const) : ("held" as const),
    markDone() {},
    release: () => void holders.delete(self),
  })
  const first = stage({ leases: leasesOf("a") })
  const second = stage({ broker: first.broker, engine: first.engine, leases: leasesOf("b") })
  const kind = { ...first.broker.kind(), exclusive: true }
  const a = first.begin({ kind })
  await eventually(() => expect(a.state).toBe("running"))
  const b = second.begin({ kind })
  first.broker.write("p", { key: "a", body: "1" })
  await settledAll(first.broker)
  expect([a.state, b.state]).toEqual(["running", "standby"])
  await a.stop(1000)
  first.broker.write("p", { key: "a", body: "2" })
  await settledAll(first.broker)
  await eventually(() => expect(b.state).toBe("running"))
  expect(first.engine.published.get("/orders/a" as Channel)).toEqual(["1", "2"])
  await b.stop(1000)
})

test("[I10] replays each dead letter once, when what was wrong is right", async () => {
  const { broker, engine, begin } = stage({ route: { to: ["/orders/{header.to}"] } })
  const runner = begin()
  broker.write("p", { body: "1" }, { body: "2", headers: new Map([["from", new Uint8Array([1])]]) })
  await settledAll(broker)
  await runner.stop(1000)
  const kept = engine.published.get("/ingest/orders/dead") ?? []
  const messages = kept.map((data, at) => ({
    ...{ channel: "/ingest/orders/dead" as Channel, epoch: "e", offset: at + 1, id: String(at), time: 0 },
    ...{ type: "application/json", data, bytes: data.length },
  }))
  const deadLetters = {
    oldest: async () => ({ epoch: "e", offset: 0 }),
    page: async (_channel: Channel, { offset }: { readonly offset: number }) => ({
      messages: messages.slice(offset, offset + 1),
      more: offset + 1 < messages.length,
      tail: { epoch: "e", offset: messages.length },
    }),
  }
  const mended = stage({ broker, engine, route: { to: ["/orders/{body}"] } })
  const { route } = mended.begin()
  const replay = () =>
    replayDeadLetters({
      name: "orders",
      channel: "/ingest/orders/dead" as Channel,
      route,
      port: engine,
      deadLetters,
    })
  expect(await replay()).toEqual({ published: 2, already: 0, failed: [] })
  expect(await replay()).toEqual({ published: 0, already: 2, failed: [] })
  expect([engine.published.get("/orders/1"), engine.published.get("/orders/2")]).toEqual([["1"], ["2"]])
  const others = await replayDeadLetters({
    ...{ name: "others", channel: "/ingest/orders/dead" as Channel, route, port: engine, deadLetters },
  })
  expect(others.published).toBe(0)
  expect(others.failed[0]?.reason).toBe("It is a dead letter of another ingest, orders.")
  const stillWrong = { outcomeOf: () => ({ kind: "at-fault" as const, reason: "No." }) }
  const report = await replayDeadLetters({
    ...{
      name: "orders",
      channel: "/ingest/orders/dead" as Channel,
      route: stillWrong,
      port: engine,
      deadLetters,
    },
  })
  expect(report.failed.map(({ reason }) => reason)).toEqual(["No.", "No."])
})

test("tries again to put a message at the source's own place, and says that it cannot", async () => {
  const { broker, told, begin } = stage({ config: { deadLetter: "source" } })
  let refusals = 3
  broker.refusesDeadLetters = () => refusals-- > 0
  const runner = begin()
  broker.write("p", { body: "no key" }, { key: "a", body: "1" })
  await settledAll(broker)
  expect(broker.setAside).toHaveLength(1)
  expect(told.filter((line) => line.includes("dead letter"))).toEqual([
    "dead letters refused: The source takes no dead letter: The queue is full.",
  ])
  expect(runner.state).toBe("running")
  await runner.stop(1000)
})
