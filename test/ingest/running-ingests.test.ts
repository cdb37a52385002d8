// All ingests of a node while its configuration changes: what is as it was goes on, what is changed is drained and begins anew.
import { expect, test } from "bun:test"
import type { Channel } from "../../src/channels/channel.ts"
import { systemClock } from "../../src/bounds/clock.ts"
import { LocalLeases } from "../../src/cluster/local-leases.ts"
import type { IngestConfig } from "../../src/ingest/ingest.ts"
import { RunningIngests } from "../../src/ingest/running-ingests.ts"
import { eventually } from "../support/eventually.ts"
import { MarkedEngine } from "./marked-engine.ts"
import { ScriptedBroker } from "./scripted-source.ts"
import { routeConfig, settledAll } from "./stage.ts"

function node() {
  const engine = new MarkedEngine()
  const forgotten: string[] = []
  const ingests = new RunningIngests({
    ...{
      run: "r1",
      node: null,
      port: engine,
      limits: { messageBytesMax: 1000 },
      checkName() {},
      leaseMs: 1000,
    },
    leases: new LocalLeases(systemClock),
    clock: systemClock,
    events: {
      ...{
        ingestRunning() {},
        ingestAway() {},
        ingestHeld() {},
        ingestDeadLettersRefused() {},
        ingestLeaseUnknown() {},
        ingestSetAside() {},
        ingestSetAsideFailed() {},
      },
    },
    drainMs: () => 2000,
    forgetSources(prefix) {
      forgotten.push(prefix)
      engine.forget(prefix)
    },
    deadLetters: {
      oldest: async () => ({ epoch: "e", offset: 0 }),
      page: async () => ({ messages: [], more: false, tail: { epoch: "e", offset: 0 } }),
    },
  })
  return { engine, ingests, forgotten }
}

const configOf = (
  name: string,
  broker: ScriptedBroker,
  changes: Partial<IngestConfig> = {},
): IngestConfig => ({
  ...{ name, kind: broker.kind(), settings: {}, route: routeConfig(), ready: false },
  ...{ deadLetter: "/dead" as Channel, inFlight: { messages: 100, bytes: 100_000 } },
  ...changes,
})

test("[I9] an ingest under a new name begins when the old one has ended", async () => {
  const { engine, ingests } = node()
  const broker = new ScriptedBroker()
  ingests.configure([configOf("old", broker)])
  await eventually(() => expect(broker.opened).toHaveLength(1))
  broker.write("p", ...Array.from({ length: 20 }, (_, n) => ({ key: "1", body: String(n) })))
  ingests.configure([configOf("new", broker)])
  await settledAll(broker)
  broker.write("p", { key: "1", body: "last" })
  await settledAll(broker)
  expect(engine.published.get("/orders/1")).toEqual([
    ...Array.from({ length: 20 }, (_, n) => String(n)),
    "last",
  ])
  await ingests.stop(1000)
})

test("[I9] a reload touches what was changed, and nothing else", async () => {
  const { engine, ingests } = node()
  const [a, b, c] = [new ScriptedBroker(), new ScriptedBroker(), new ScriptedBroker()]
  ingests.configure([configOf("a", a), configOf("b", b)])
  await eventually(() => expect([a.opened.length, b.opened.length]).toEqual([1, 1]))
  const untouched = a.opened[0]
  b.write("p", ...Array.from({ length: 20 }, (_, n) => ({ key: "1", body: String(n) })))
  ingests.configure([
    configOf("a", a),
    configOf("b", b, { route: routeConfig({ to: ["/new/{key}"] }) }),
    configOf("c", c),
  ])
  await settledAll(b)
  b.write("p", { key: "1", body: "last" })
  await settledAll(b)
  expect(a.opened).toEqual([untouched as NonNullable<typeof untouched>])
  expect([...(engine.published.get("/orders/1") ?? []), ...(engine.published.get("/new/1") ?? [])]).toEqual([
    ...Array.from({ length: 20 }, (_, n) => String(n)),
    "last",
  ])
  expect(engine.published.get("/new/1")).toContain("last")
  expect(ingests.names.toSorted()).toEqual(["a", "b", "c"])
  ingests.configure([configOf("c", c)])
  await eventually(() => expect([a.opened.length, b.opened.length, c.opened.length]).toEqual([0, 0, 1]))
  expect(() => ingests.pause("a")).toThrow("not_found")
  await ingests.stop(1000)
  expect(c.opened).toEqual([])
})

test("[I10] reads a source anew from its start, and publishes everything again", async () => {
  const { engine, ingests, forgotten } = node()
  const broker = new ScriptedBroker()
  ingests.configure([configOf("a", broker)])
  broker.write("p", { key: "1", body: "x" }, { key: "1", body: "y" })
  await settledAll(broker)
  await ingests.release("a")
  await ingests.forgetPublished("a", null)
  await ingests.seek("a", "start")
  ingests.resume("a")
  await eventually(() => expect(engine.published.get("/orders/1")).toEqual(["x", "y", "x", "y"]))
  expect(forgotten).toEqual(["a:"])
  await ingests.stop(1000)
})

test("[I8] makes a node unready only where its source must be there", async () => {
  const { ingests } = node()
  const broker = new ScriptedBroker()
  const failing = { ...broker.kind(), open: () => Promise.reject(new Error("it is away")) }
  ingests.configure([configOf("a", broker, { kind: failing })])
  await eventually(async () => expect((await ingests.reports())[0]?.state).toBe("away"))
  expect(ingests.isReady).toBe(true)
  ingests.configure([configOf("a", broker, { kind: failing, ready: true })])
  await eventually(async () => expect((await ingests.reports())[0]?.state).toBe("away"))
  expect(ingests.isReady).toBe(false)
  await ingests.stop(0)
})

test("[I6] no value of a message leads to where dead letters are, of another ingest either", async () => {
  const { engine, ingests } = node()
  const broker = new ScriptedBroker()
  const route = routeConfig({ to: ["/{header.a}/{header.b}"] })
  const text = new TextEncoder()
  const to = (a: string, b: string) =>
    new Map([
      ["a", text.encode(a)],
      ["b", text.encode(b)],
    ])
  ingests.configure([
    configOf("open", broker, { route }),
    configOf("other", new ScriptedBroker(), { deadLetter: "/ops/dead" as Channel }),
  ])
  broker.write("p", { body: "1", headers: to("ops", "live") }, { body: "forged", headers: to("ops", "dead") })
  await settledAll(broker)
  expect(engine.published.get("/ops/live")).toEqual(["1"])
  expect(engine.published.get("/ops/dead")).toBeUndefined()
  expect(engine.published.get("/dead")).toHaveLength(1)
  await ingests.stop(1000)
})
