// A node of a chaos run: a hub on a Redis engine, without the transports. It can be killed: its connections end, nobody is
// told, and who listened comes back elsewhere.
import { readAddress } from "../../src/config/redis-address.ts"
import type { Channel, Rule } from "../../src/channels/channel.ts"
import { RedisEngine, type RedisEngineOptions } from "../../src/engines/redis/redis-engine.ts"
import { NodeHub } from "../../src/hub/node-hub.ts"
import { Counters } from "../../src/telemetry/counters.ts"
import { defaultLimits } from "../../wire/limits.ts"

/** Keeps everything that a run publishes. */
const rule: Rule = {
  pattern: "/**",
  keep: { count: 1_000_000, bytes: 1e9, timeMs: 3_600_000 },
  slow: "disconnect",
}

/** Ten times as often as a real node, so that a silence is found out within a short run. */
const pulseMs = 150

export class ChaosNode {
  readonly hub: NodeHub
  readonly engine: RedisEngine
  alive = true
  /** Whom to tell that the node is gone. */
  readonly left = new Set<() => void>()

  constructor(url: string, options: Pick<RedisEngineOptions, "prefix" | "routing" | "voteLeaseMs">) {
    const read = readAddress(url)
    if ("wrong" in read) throw new Error(read.wrong)
    let engine!: RedisEngine
    this.hub = new NodeHub({
      engine(events) {
        engine = new RedisEngine(events, {
          ...options,
          address: read.address,
          pulseMs,
          historyBytesMax: 1e9,
          // Publishers here are faster than any that wants its keys remembered for two minutes.
          limits: { ...defaultLimits, idempotencyKeysMax: 10_000_000 },
        })
        return engine
      },
      ruleFor: () => rule,
      limits: defaultLimits,
      counters: new Counters(),
    })
    this.engine = engine
  }

  kill(): void {
    this.alive = false
    // As by `kill -9`: nobody takes leave.
    this.engine.redis.close()
    void this.engine.close()
    const left = [...this.left]
    this.left.clear()
    for (const tell of left) tell()
  }

  /** Where a channel stands, and all that is kept of it. */
  async read(channel: Channel) {
    const { tail, kept } = await this.engine.state(channel, rule.keep)
    const after = { epoch: tail.epoch, offset: tail.offset - kept }
    const page = await this.engine.history(channel, after, rule.keep, { messages: 1e6, bytes: 1e9 })
    if ("reset" in page) throw new Error(`${channel} cannot be read: ${page.reset}`)
    return { tail: page.tail, messages: page.messages }
  }
}
