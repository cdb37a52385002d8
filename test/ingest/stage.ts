// An ingest over a scripted source and an engine of tests, with time that does not pass.
import { expect } from "bun:test"
import type { Channel } from "../../src/channels/channel.ts"
import { LocalLeases } from "../../src/cluster/local-leases.ts"
import type { IngestConfig } from "../../src/ingest/ingest.ts"
import type { IngestEvents } from "../../src/ingest/ingest-record.ts"
import { IngestRunner } from "../../src/ingest/ingest-runner.ts"
import type { Clock } from "../../src/bounds/clock.ts"
import type { Leases } from "../../src/cluster/leases.ts"
import type { RouteConfig } from "../../src/ingest/template/message-route.ts"
import { MarkedEngine } from "./marked-engine.ts"
import { ScriptedBroker } from "./scripted-source.ts"

/** Whoever waits waits for a turn of the loop. */
const hastyClock: Clock = {
  monotonic: () => performance.now(),
  now: () => Date.now(),
  after(_ms, run) {
    const timer = setTimeout(run, 0)
    return () => clearTimeout(timer)
  },
}

export const routeConfig = (changes: Partial<RouteConfig> = {}): RouteConfig => ({
  to: ["/orders/{key}"],
  connection: null,
  when: {},
  unless: {},
  data: null,
  type: null,
  id: null,
  ...changes,
})

interface StageOptions {
  readonly broker?: ScriptedBroker
  readonly engine?: MarkedEngine
  readonly route?: Partial<RouteConfig>
  readonly config?: Partial<IngestConfig>
  readonly leases?: Leases
  readonly random?: () => number
}

export function stage({ random = Math.random, ...options }: StageOptions = {}) {
  const broker = options.broker ?? new ScriptedBroker()
  const engine = options.engine ?? new MarkedEngine({ random })
  const told: string[] = []
  const tell =
    (what: string) =>
    (_name: string, ...more: unknown[]): void => {
      told.push([what, ...more.map((one) => (one instanceof Error ? one.message : String(one)))].join(": "))
    }
  const events: IngestEvents = {
    ingestRunning: tell("running"),
    ingestAway: tell("away"),
    ingestHeld: tell("held"),
    ingestDeadLettersRefused: tell("dead letters refused"),
    ingestLeaseUnknown: tell("lease unknown"),
    ingestSetAside: tell("set aside"),
    ingestSetAsideFailed: tell("set aside failed"),
  }
  const begin = (changes: Partial<IngestConfig> = {}): IngestRunner => {
    const runner = new IngestRunner({
      config: {
        name: "orders",
        kind: broker.kind(),
        settings: {},
        route: routeConfig(options.route),
        deadLetter: "/ingest/orders/dead" as Channel,
        inFlight: { messages: 100, bytes: 1_000_000 },
        ready: false,
        ...options.config,
        ...changes,
      },
      run: "r1",
      node: null,
      port: engine,
      limits: { messageBytesMax: 1000 },
      checkName() {},
      leases: options.leases ?? new LocalLeases(hastyClock),
      leaseMs: 1000,
      clock: hastyClock,
      random,
      events,
    })
    runner.start()
    return runner
  }
  return { broker, engine, told, begin }
}

/** Resolves when the broker has nothing left that is not settled. */
export async function settledAll(broker: ScriptedBroker): Promise<void> {
  const deadline = performance.now() + 10_000
  while (broker.waiting > 0) {
    if (performance.now() > deadline) expect(`${broker.waiting} messages wait`).toBe("none do")
    await Bun.sleep(1)
  }
}
