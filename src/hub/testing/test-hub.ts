// For tests of the hub: listeners that write down what they hear, and a loop that turns when told to.
import type { Code } from "../../../wire/codes.ts"
import type { Position } from "../../../wire/cursor.ts"
import type { ResetReason } from "../../../wire/frames.ts"
import { defaultLimits } from "../../../wire/limits.ts"
import type { Channel, Rule } from "../../channels/channel.ts"
import type { Draft, EngineFactory } from "../../engines/engine.ts"
import { MemoryEngine } from "../../engines/memory/memory-engine.ts"
import type { PreparedMessage } from "../prepared-message.ts"
import { Counters } from "../../telemetry/counters.ts"
import { ListGroup } from "../../transports/list-group.ts"
import type { GroupKind, Listener, ListenerState, Start } from "../../transports/transport.ts"
import { RemoteEngine } from "./remote-engine.ts"
import { NodeHub } from "../node-hub.ts"

export const channelOf = (name: string): Channel => name as Channel

export const keepAll: Rule = {
  pattern: "/**",
  keep: { count: 1_000_000, bytes: 1e9, timeMs: 3_600_000 },
  slow: "disconnect",
}

/** A group that writes to each member, and counts how often. */
class RecordingGroup extends ListGroup<Listener> {
  writes = 0

  write(messages: readonly PreparedMessage[]): void {
    this.writes++
    for (const member of this.snapshot()) member.write(messages)
  }
}

export const groups: RecordingGroup[] = []

const kind: GroupKind = {
  name: "test",
  writeMicros: 8,
  messageMicros: 0.45,
  joins: false,
  make: () => {
    const group = new RecordingGroup()
    groups.push(group)
    return group
  },
}

/** Writes down everything in order: `start 3 recovered`, `4`, `reset 9 trimmed`, `end deleted`. */
export class RecordingListener implements Listener {
  readonly kind = kind
  hubState: ListenerState | null = null
  groupIndex = -1
  closed = false
  readonly heard: string[] = []
  /** When set, `ready` waits for it. */
  gate: Promise<void> | null = null

  /** Those of one connection share it. */
  outbox: object = this

  get offsets(): number[] {
    return this.heard.filter((line) => /^\d+$/.test(line)).map(Number)
  }

  start({ position, recovered }: Start): void {
    this.heard.push(`start ${position.offset}${recovered ? " recovered" : ""}`)
  }

  write(messages: readonly PreparedMessage[]): void {
    for (const { message } of messages) this.heard.push(String(message.offset))
  }

  ready(): Promise<void> | null {
    return this.gate
  }

  reset(position: Position, reason: ResetReason): void {
    this.heard.push(`reset ${position.offset} ${reason}`)
  }

  end(code: Code): void {
    this.heard.push(`end ${code}`)
  }
}

/** A hub whose loop turns only when told to. */
export class TestHub {
  readonly counters = new Counters()
  readonly hub: NodeHub
  private turns: (() => void)[] = []
  private readonly factory: EngineFactory
  private drafts = 0

  constructor(
    options: {
      rule?: Rule
      engine?: EngineFactory
      outboxBytesMax?: number
      ringBytesMax?: number
      listenedChannelsMax?: number
    } = {},
  ) {
    this.factory =
      options.engine ?? ((events) => new MemoryEngine(events, { limits: defaultLimits, boot: "run1" }))
    this.hub = new NodeHub({
      engine: this.factory,
      ruleFor: () => options.rule ?? keepAll,
      limits: {
        outboxBytesMax: options.outboxBytesMax ?? defaultLimits.outboxBytesMax,
        pageMessagesMax: 1000,
        ringBytesMax: options.ringBytesMax ?? defaultLimits.ringBytesMax,
        listenedChannelsMax: options.listenedChannelsMax ?? defaultLimits.listenedChannelsMax,
      },
      counters: this.counters,
      defer: (callback) => void this.turns.push(callback),
    })
  }

  draft(channel: string, data = "x"): Draft {
    this.drafts++
    return {
      channel: channelOf(channel),
      type: "text/plain",
      data,
      bytes: data.length,
      id: `id${this.drafts}`,
    }
  }

  publish(channel: string, count = 1): void {
    for (let i = 0; i < count; i++) void this.hub.publish(this.draft(channel))
  }

  listen(channel: string, after: Position | null = null): RecordingListener {
    const listener = new RecordingListener()
    this.hub.join(listener, channelOf(channel), after)
    return listener
  }

  /** One loop turn. False when there was nothing to do. */
  turn(): boolean {
    const due = this.turns
    this.turns = []
    for (const callback of due) callback()
    return due.length > 0
  }

  /** Turns until nothing is left; returns how many turns it took. */
  settle(): number {
    let turns = 0
    while (this.turn()) turns++
    return turns
  }
}

/** A hub whose engine is in another process. */
export function startOnRemoteEngine(rule: Rule = keepAll, outboxBytesMax = defaultLimits.outboxBytesMax) {
  let engine!: RemoteEngine
  const testHub = new TestHub({
    rule,
    outboxBytesMax,
    engine: (events) => {
      engine = new RemoteEngine(events)
      return engine
    },
  })
  return { testHub, engine }
}

/** Lets promises that are settled run their callbacks. */
export async function flushPromises(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}
