// The watches of a node: run over this node's engine, and this node's ways to tell. Every alarm is in
// the log as well, told or not.
import { systemClock } from "../bounds/clock.ts"
import type { Channel, Keep } from "../channels/channel.ts"
import type { WatchConfig } from "../config/checks/watch-problems.ts"
import { RedisEngine } from "../engines/redis/redis-engine.ts"
import type { Drafts } from "../hub/drafts.ts"
import type { Hub } from "../hub/hub.ts"
import type { Leases } from "../cluster/leases.ts"
import { LocalLeases } from "../cluster/local-leases.ts"
import { RedisLeases } from "../cluster/redis/redis-leases.ts"
import type { Counters } from "../telemetry/counters.ts"
import type { Events } from "../telemetry/events.ts"
import { AlarmSender, type Recipient } from "../silence/alarm-sender.ts"
import { recipientsOf } from "../silence/tell/recipient.ts"
import type { Alarm } from "../silence/silence.ts"
import { WatchRunner } from "../silence/watch-runner.ts"
import type { NodeEngine } from "./engines.ts"
import { payloadFromData } from "./publishing/publish-data.ts"

interface WatchesOptions {
  readonly engine: NodeEngine
  /** How long a node counts as alive that says nothing. */
  readonly leaseMs: number
  readonly keepOf: (channel: Channel) => Keep
  readonly hub: Hub
  readonly drafts: Drafts
  readonly events: Pick<Events, "alarmRaised" | "alarmNotTold" | "watchBlind">
  readonly counters: Pick<Counters, "alarms" | "alarmsNotTold">
}

export interface Watches {
  /** Watches these from now on; what was watched before goes on as it was. */
  configure(watches: readonly WatchConfig[]): void
  stop(): void
}

export function makeWatches(options: WatchesOptions): Watches {
  const { engine, leaseMs, keepOf, hub, drafts, events, counters } = options
  const sender = new AlarmSender({
    clock: systemClock,
    onFailure({ name }, error, isGivenUp) {
      counters.alarmsNotTold++
      events.alarmNotTold(name, error, isGivenUp)
    },
  })
  const publish = async (channel: string, alarm: Alarm): Promise<void> => {
    const payload = payloadFromData(JSON.stringify(alarm), "application/json")
    await hub.publish(
      drafts.make({ channel: channel as Channel, payload, idempotency: undefined, publisher: undefined }),
    )
  }
  // Made once for each watch: what waits for somebody waits under them.
  const recipients = new WeakMap<WatchConfig, readonly Recipient[]>()
  const recipientsFor = (watch: WatchConfig): readonly Recipient[] => {
    const known = recipients.get(watch)
    if (known) return known
    const made = watch.tell.flatMap((tell) => recipientsOf(tell, { publish }))
    recipients.set(watch, made)
    return made
  }
  const runner = new WatchRunner<WatchConfig>({
    engine: {
      async tailOf(channel) {
        return (await engine.state(channel, keepOf(channel))).tail
      },
      async newestAt(channel) {
        return (await engine.state(channel, keepOf(channel))).newest?.time ?? null
      },
      channelsPage: (from, limit) => engine.channelsPage(from, limit),
    },
    leases: leasesOf(engine),
    clock: systemClock,
    holdMs: leaseMs,
    tell(watch, alarm) {
      counters.alarms[alarm.alarm]++
      events.alarmRaised(alarm)
      return sender.sendAll(recipientsFor(watch), alarm)
    },
    onTrouble: (error) => events.watchBlind(error),
  })
  return {
    configure: (watches) => runner.configure(watches),
    stop() {
      runner.stop()
      sender.stop()
    },
  }
}

/** Nodes that share an engine agree on who tells. */
const leasesOf = (engine: NodeEngine): Leases =>
  engine instanceof RedisEngine ? new RedisLeases(engine.redis, "alarms") : new LocalLeases(systemClock)
