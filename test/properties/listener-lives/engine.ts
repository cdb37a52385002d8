// An engine for scenarios of listeners: what it is asked it does when it is told to, in any order between channels. It can
// be away, can fail to deliver, and can lose all it had.
import { LabaError } from "../../../wire/error.ts"
import type { Position } from "../../../wire/cursor.ts"
import type { Channel, Keep } from "../../../src/channels/channel.ts"
import type {
  ChannelState,
  Draft,
  Engine,
  EngineEvents,
  Message,
  HistoryPage,
  PageBounds,
  Receipt,
} from "../../../src/engines/engine.ts"

/** One channel, as every node would see it. */
interface Log {
  epoch: string
  readonly messages: Message[]
  /** All before it were trimmed. */
  first: number
  /** Announced and not yet delivered. */
  announced: Message[]
}

export class ManualEngine implements Engine {
  /** By epoch and offset, everything that was ever numbered. */
  readonly numbered = new Map<string, string>()
  readonly listening = new Set<Channel>()
  away = false
  private readonly logs = new Map<Channel, Log>()
  private readonly events: EngineEvents
  private readonly acts: (() => void)[] = []
  private epochs = 0

  constructor(events: EngineEvents) {
    this.events = events
  }

  get idle(): boolean {
    return this.acts.length === 0 && ![...this.logs.values()].some((log) => log.announced.length > 0)
  }

  /** Does one thing that it was asked; which one, `pick` decides. */
  act(pick: number): void {
    const act = this.acts.splice(pick % Math.max(1, this.acts.length), 1)[0]
    act?.()
  }

  /** Delivers what was announced first on one of the channels. */
  deliver(pick: number): void {
    const logs = [...this.logs.values()].filter(({ announced }) => announced.length > 0)
    const message = logs[pick % Math.max(1, logs.length)]?.announced.shift()
    if (message && this.listening.has(message.channel)) this.events.deliver(message)
  }

  /** What was announced is delivered to nobody; the engine notices only when it is back. */
  leave(): void {
    this.away = true
    for (const log of this.logs.values()) log.announced = []
  }

  /** `lost`: it has forgotten all it had. */
  comeBack(lost: boolean): void {
    this.away = false
    if (lost) for (const log of this.logs.values()) this.restart(log)
    for (const channel of this.listening) this.events.lost(channel)
  }

  tail(channel: Channel): Position {
    const log = this.log(channel)
    return { epoch: log.epoch, offset: log.first + log.messages.length }
  }

  /** As another node publishes: nothing waits for the listeners of this one. */
  append(draft: Draft, keep: Keep): Message {
    const log = this.log(draft.channel)
    const offset = this.tail(draft.channel).offset + 1
    const message: Message = { ...draft, time: 0, epoch: log.epoch, offset }
    this.numbered.set(`${draft.channel} ${log.epoch} ${offset}`, draft.id)
    log.messages.push(message)
    for (const count = keep?.count ?? 0; log.messages.length > count; log.first++) log.messages.shift()
    if (this.listening.has(draft.channel) && !this.away) log.announced.push(message)
    return message
  }

  publish(draft: Draft, keep: Keep): Promise<Receipt> {
    return this.ask(() => ({ position: this.append(draft, keep), id: draft.id, duplicate: false }))
  }

  listen(channel: Channel): Promise<Position> {
    return this.ask(() => {
      this.listening.add(channel)
      this.log(channel).announced = []
      return this.tail(channel)
    })
  }

  unlisten(channel: Channel): void {
    this.listening.delete(channel)
  }

  history(channel: Channel, after: Position, keep: Keep, bounds: PageBounds): Promise<HistoryPage> {
    return this.ask(() => {
      const log = this.log(channel)
      const tail = this.tail(channel)
      if (keep === null) return { reset: "no-history", tail }
      if (after.epoch !== log.epoch || after.offset > tail.offset) return { reset: "epoch", tail }
      if (after.offset < log.first) return { reset: "trimmed", tail }
      const messages: Message[] = []
      let bytes = 0
      for (const message of log.messages.slice(after.offset - log.first)) {
        bytes += message.bytes
        if (messages.length > 0 && (bytes > bounds.bytes || messages.length >= bounds.messages)) break
        messages.push(message)
      }
      return { messages, more: after.offset + messages.length < tail.offset, tail }
    })
  }

  state(channel: Channel): Promise<ChannelState> {
    return this.ask(() => ({ tail: this.tail(channel), history: "kept", kept: 0, newest: null }))
  }

  forget(channel: Channel): Promise<number> {
    // Who listens from now on listens to what begins then.
    this.listening.delete(channel)
    return this.ask(() => {
      const log = this.log(channel)
      const count = log.messages.length
      this.restart(log)
      if (this.listening.has(channel)) this.events.lost(channel)
      return count
    })
  }

  /** As another node deletes. */
  forgetElsewhere(channel: Channel): void {
    this.restart(this.log(channel))
    if (this.away) return
    if (this.listening.has(channel)) this.events.forgotten?.(channel)
  }

  close(): void {}

  private ask<Answer>(act: () => Answer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.acts.push(() => {
        if (this.away) reject(new LabaError("engine_unavailable", "The engine is away."))
        else resolve(act())
      })
    })
  }

  private restart(log: Log): void {
    log.epoch = `e${++this.epochs}`
    log.messages.length = 0
    log.first = 0
    log.announced = []
  }

  private log(channel: Channel): Log {
    let log = this.logs.get(channel)
    if (!log) {
      log = { epoch: `e${++this.epochs}`, messages: [], first: 0, announced: [] }
      this.logs.set(channel, log)
    }
    return log
  }
}
