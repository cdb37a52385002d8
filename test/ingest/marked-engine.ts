// An engine as the pipeline sees one, that fails by chance: it refuses, loses its answers, or carries out late what it was asked.
import { LabaError } from "../../wire/error.ts"
import type { Channel } from "../../src/channels/channel.ts"
import type { Payload } from "../../src/engines/engine.ts"
import type { SourceMark } from "../../src/engines/source-mark.ts"
import { SourceMarks } from "../../src/engines/source-marks.ts"
import type { PublishPort } from "../../src/ingest/pipeline/publish-port.ts"

export class MarkedEngine implements PublishPort {
  /** What was published, by channel, in order. */
  readonly published = new Map<string, string[]>()
  readonly pushed: { connection: string; data: string }[] = []
  /** How many of a hundred publishes go wrong. */
  percentFailing = 0
  away = false
  /** Codes that a channel's publishes are refused with. */
  readonly refusing = new Map<string, LabaError>()
  /** Channels whose listeners lag. */
  readonly full = new Map<string, Promise<void>>()
  private readonly marks = new Map<string, SourceMarks>()
  private readonly random: () => number
  private readonly parts: number

  constructor({ random = Math.random, parts = 1 }: { random?: () => number; parts?: number } = {}) {
    this.random = random
    this.parts = parts
  }

  partOf(channel: Channel): string {
    return String(channel.charCodeAt(channel.length - 1) % this.parts)
  }

  room(channel: Channel): Promise<void> | null {
    return this.full.get(channel) ?? null
  }

  async publish(channel: Channel, payload: Payload, mark: SourceMark | undefined) {
    const chance = this.random() * 100
    // In the order of the calls, and answered later.
    if (this.away || chance < this.percentFailing / 3) {
      await this.aMoment()
      throw unavailable()
    }
    if (chance < (this.percentFailing * 2) / 3) {
      // Nobody waits for it any more when it is carried out.
      void this.aMoment(3).then(() => this.carryOut(channel, payload, mark).catch(() => {}))
      await this.aMoment()
      throw unavailable()
    }
    const done = this.carryOut(channel, payload, mark)
    done.catch(() => {})
    await this.aMoment()
    if (chance < this.percentFailing) throw unavailable()
    return done
  }

  async push(connection: string, payload: Payload): Promise<void> {
    if (this.away) throw unavailable()
    if (connection === "gone") throw new LabaError("gone", "There is no such connection, or no longer.")
    this.pushed.push({ connection, data: String(payload.data) })
  }

  forget(prefix: string): void {
    for (const marks of this.marks.values()) marks.forget(prefix)
  }

  private async carryOut(channel: Channel, { data }: Payload, mark: SourceMark | undefined) {
    const refusal = this.refusing.get(channel)
    if (refusal) throw refusal
    const part = this.partOf(channel)
    const marks = this.marks.get(part) ?? new SourceMarks()
    this.marks.set(part, marks)
    if (mark) {
      if (marks.knows(mark, 0)) return { duplicate: true }
      marks.move(mark, 0)
    }
    const log = this.published.get(channel) ?? []
    log.push(String(data))
    this.published.set(channel, log)
    return { duplicate: false }
  }

  private async aMoment(turns = 1): Promise<void> {
    for (let turn = Math.floor(this.random() * 4 * turns); turn > 0; turn--)
      await new Promise((resolve) => setImmediate(resolve))
  }
}

const unavailable = () => new LabaError("engine_unavailable", "The engine does not answer.")
