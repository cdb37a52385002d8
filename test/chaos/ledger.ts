// What was promised and what was given, in a chaos run, and the verdict on both: nothing lost, doubled or out of order on
// a channel with history, but for losses that were told.
import type { Position } from "../../wire/cursor.ts"
import type { Message } from "../../src/engines/engine.ts"

/** What one listener was given between two interruptions of its numbering. */
interface Segment {
  readonly from: Position
  /** Why it began: at the start, or by a reset, which tells of a loss. */
  readonly reason: string
  readonly messages: Message[]
}

export class ListenerRecord {
  readonly name: string
  readonly channel: string
  readonly segments: Segment[] = []

  constructor(name: string, channel: string) {
    this.name = name
    this.channel = channel
  }

  /** Where it goes on from; null before it began. */
  get position(): Position | null {
    const last = this.segments.at(-1)
    const message = last?.messages.at(-1)
    return message ? { epoch: message.epoch, offset: message.offset } : (last?.from ?? null)
  }

  get resets(): number {
    return Math.max(0, this.segments.length - 1)
  }

  begin(position: Position, reason: string): void {
    this.segments.push({ from: position, reason, messages: [] })
  }

  receive(message: Message): void {
    this.segments.at(-1)?.messages.push(message)
  }
}

/** A publish that was answered. */
interface AcceptedPublish {
  readonly channel: string
  readonly text: string
  readonly position: Position
}

export class Ledger {
  readonly records: ListenerRecord[] = []
  readonly answered: AcceptedPublish[] = []
  /** Faults that may lose what was answered: only after one of them anybody may be told to reload. */
  losses = 0
  /** What a publisher was last told instead of an answer. */
  lastRefusal = "nothing"
  private readonly found = new Set<string>()
  private readonly texts = new Map<string, string>()

  /**
   * Everything that is wrong, in words. `tails` is where each channel stands at the end, `kept` what Redis then holds.
   */
  verdict(tails: ReadonlyMap<string, Position>, kept: ReadonlyMap<string, readonly Message[]>): string[] {
    for (const { channel, text, position } of this.answered)
      this.place(channel, position, text, "was answered")
    for (const record of this.records) this.judge(record, tails.get(record.channel))
    for (const [channel, messages] of kept) this.judgeKept(channel, messages)
    return [...this.found]
  }

  private judge(record: ListenerRecord, tail: Position | undefined): void {
    const { name, channel, segments, position } = record
    if (!position || !tail || position.epoch !== tail.epoch || position.offset !== tail.offset)
      this.found.add(`${name} ends at ${print(position)}, and ${channel} at ${print(tail ?? null)}`)
    if (record.resets > 0 && this.losses === 0)
      this.found.add(`${name} was told to reload, and nothing was lost`)
    const last = new Map<string, number>()
    for (const { from, messages } of segments) {
      const inSegment = new Set<string>()
      let before = from
      for (const message of messages) {
        const text = String(message.data)
        if (message.epoch !== before.epoch || message.offset !== before.offset + 1)
          this.found.add(`${name} was given ${print(message)} after ${print(before)}`)
        if (inSegment.has(text)) this.found.add(`${name} was given ${text} twice`)
        inSegment.add(text)
        this.place(channel, message, text, `${name} heard`)
        this.inOrder(name, text, last)
        before = message
      }
    }
  }

  /** One publisher sends one text after the other: nobody hears an earlier one after a later one. */
  private inOrder(name: string, text: string, last: Map<string, number>): void {
    const [publisher = "", number] = text.split(":")
    const known = last.get(publisher) ?? 0
    if (Number(number) < known) this.found.add(`${name} heard ${text} after ${publisher}:${known}`)
    last.set(publisher, Math.max(known, Number(number)))
  }

  /** One number in one epoch is one message, whoever saw it. */
  private place(channel: string, { epoch, offset }: Position, text: string, who: string): void {
    const key = `${channel} ${epoch}-${offset}`
    const known = this.texts.get(key)
    if (known === undefined) this.texts.set(key, text)
    else if (known !== text) this.found.add(`${key} was ${known}, and ${who} ${text}`)
  }

  /** What was answered in the epoch that lives is there; a text is there once. */
  private judgeKept(channel: string, messages: readonly Message[]): void {
    const byOffset = new Map(messages.map((message) => [message.offset, String(message.data)]))
    const epoch = messages[0]?.epoch
    for (const { text, position, ...answered } of this.answered)
      if (answered.channel === channel && position.epoch === epoch && byOffset.get(position.offset) !== text)
        this.found.add(`${text} was answered at ${print(position)} of ${channel}, and is not there`)
    if (this.losses > 0) return
    const texts = [...byOffset.values()]
    if (new Set(texts).size !== texts.length) this.found.add(`${channel} holds a text twice`)
  }
}

const print = (position: Position | null): string =>
  position ? `${position.epoch}-${position.offset}` : "nowhere"
