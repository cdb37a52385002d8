// Two nodes are restarted one after the other while messages are published and many listen through a balancer.
import { expect, test } from "bun:test"
import { connect, type Laba } from "../../client/index.ts"
import type { ConfigInput } from "../../src/server/index.ts"
import { RedisProcess } from "../support/redis-servers.ts"
import { Balancer } from "./balancer.ts"
import { NodeProcess } from "./node-process.ts"
import { until } from "./stage.ts"

const channel = "/orders/all"
const drainSeconds = 2
const restarts = 2
const transports = ["websocket", "sse", "poll"] as const

/** Somebody who listens over one transport for the whole test. */
class Listener {
  readonly heard: number[] = []
  readonly resets: string[] = []
  readonly laba: Laba

  constructor(base: string, transport: (typeof transports)[number]) {
    this.laba = connect(base, { transports: [transport], backoff: { minMs: 50, maxMs: 500 } })
    const orders = this.laba.channel(channel)
    orders.on("message", ({ data }) => this.heard.push(data as number))
    orders.on("reset", ({ reason }) => this.resets.push(reason))
  }

  ready(): Promise<unknown> {
    return this.laba.channel(channel).ready()
  }
}

/** Publishes 1, 2, 3, …, each under its key until it is accepted, and writes down every refusal and every cut connection. */
class Publisher {
  accepted = 0
  /** Publishes without an answer: sent again, they were there already or not. */
  cut = 0
  /** Of those that were sent again, how many had been accepted. */
  repeated = 0
  readonly refusals: { status: number; retryAfter: string | null }[] = []
  private running = true
  private readonly done: Promise<void>

  constructor(base: string) {
    this.done = this.run(base)
  }

  async stop(): Promise<void> {
    this.running = false
    await this.done
  }

  private async run(base: string): Promise<void> {
    while (this.running) {
      const number = this.accepted + 1
      const answer = await fetch(`${base}${channel}`, {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": `n-${number}` },
        body: String(number),
      }).catch(() => null)
      const said = (await answer?.json().catch(() => null)) as { duplicate?: boolean } | null
      if (answer?.ok && said) {
        this.accepted = number
        if (said.duplicate) this.repeated++
      } else if (answer && !answer.ok)
        this.refusals.push({ status: answer.status, retryAfter: answer.headers.get("retry-after") })
      else this.cut++
      await Bun.sleep(5)
    }
  }
}

/** The largest share of these moments, in order, that lies within one stretch of time. */
function densest(moments: readonly number[], stretchMs: number): number {
  const within = moments.map((from) => moments.filter((at) => at >= from && at - from < stretchMs).length)
  return Math.max(0, ...within) / Math.max(1, moments.length)
}

test("[K7] a rolling restart loses nobody a message, refuses no publish without Retry-After, and spreads who comes back", async () => {
  await using redis = await RedisProcess.start()
  const configOf = (name: string): ConfigInput => ({
    engine: redis.url,
    listen: { port: 0 },
    node: { name, lease: "2s" },
    channels: { "/**": { history: { count: 10_000, bytes: "16MB", time: "10m" } } },
    limits: { drainSeconds, drainGraceSeconds: 0.5 },
  })
  const start = (name: string): Promise<NodeProcess> => NodeProcess.start(configOf(name))
  let [a, b] = await Promise.all([start("a"), start("b")])
  await using balancer = await Balancer.start([a.base, b.base])
  // Sockets and streams come by a door of their own, so that only their coming back is counted.
  await using streams = await Balancer.start([a.base, b.base])
  const listeners = Array.from({ length: 60 }, (_, index) => {
    const transport = transports[index % 3] as "poll"
    return new Listener((transport === "poll" ? balancer : streams).base, transport)
  })
  const streamsCount = (listeners.length * 2) / 3
  try {
    await Promise.all(listeners.map((listener) => listener.ready()))
    const publisher = new Publisher(balancer.base)
    await until(() => publisher.accepted > 50)
    let restartedAt = 0
    const restart = async (old: NodeProcess, stays: NodeProcess, name: string): Promise<NodeProcess> => {
      restartedAt = streams.connectedAtMs.length
      await old.leave()
      const next = await start(name)
      for (const door of [balancer, streams]) await door.use([next.base, stays.base])
      const { accepted } = publisher
      await until(() => publisher.accepted > accepted + 50)
      return next
    }
    a = await restart(a, b, "a")
    b = await restart(b, a, "b")
    await publisher.stop()
    // The second node had everybody when it went.
    await until(() => streams.connectedAtMs.length - restartedAt >= streamsCount)
    const cameBackMs = streams.connectedAtMs.slice(restartedAt)
    await until(() => listeners.every(({ heard }) => heard.at(-1) === publisher.accepted))
    const all = Array.from({ length: publisher.accepted }, (_, index) => index + 1)
    for (const { heard, resets } of listeners) {
      expect(resets).toEqual([])
      expect(heard).toEqual(all.slice(all.length - heard.length))
      // Everybody was there before the first restart.
      expect(heard.length).toBeGreaterThan(all.length - 51)
    }
    expect(publisher.refusals.filter(({ status, retryAfter }) => status !== 503 || !retryAfter)).toEqual([])
    // A connection is cut at most once while its node goes; and what was cut was published once all the same, as was heard.
    console.log(
      `${publisher.accepted} published, ${publisher.cut} cut, ${publisher.repeated} of them accepted`,
    )
    expect(publisher.cut).toBeLessThanOrEqual(restarts)
    expect(publisher.repeated).toBeLessThanOrEqual(publisher.cut)
    // A slow machine stretches it, and holds some up for those behind them; nothing but coming back at once makes it dense.
    expect(densest(cameBackMs, drainSeconds * 250)).toBeLessThan(2 / 3)
  } finally {
    for (const { laba } of listeners) laba.close()
    await Promise.all([a.kill(), b.kill()])
  }
}, 120_000)
