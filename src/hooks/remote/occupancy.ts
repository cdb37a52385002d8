// Which channels somebody listens to, for backends that want to hear of it. A channel that is empty for a moment, as between
// two polls, was not empty.
import type { Records, StoredTell } from "./remote.ts"

/** How long a channel must have no listener before that is told: longer than a client needs to come back. */
export const vacantMs = 5000

export interface OccupancyOptions {
  /** Names this run of this node. */
  readonly node: string
  readonly records: Records
  /** Who wants to hear which of the two about a channel; null when nobody does. */
  readonly hookOf: (channel: string) => { readonly name: string; readonly tells: readonly string[] } | null
  readonly tell: (tell: StoredTell) => void
  readonly now: () => number
}

interface Occupied {
  readonly number: number
  readonly hook: string
  readonly tellsVacated: boolean
  vacant: ReturnType<typeof setTimeout> | null
}

export class Occupancy {
  private readonly options: OccupancyOptions
  private readonly channels = new Map<string, Occupied>()
  private count = 0

  constructor(options: OccupancyOptions) {
    this.options = options
  }

  occupied(channel: string): void {
    const known = this.channels.get(channel)
    if (known) {
      if (known.vacant) clearTimeout(known.vacant)
      known.vacant = null
      return
    }
    const hook = this.options.hookOf(channel)
    if (!hook) return
    this.count++
    const tellsVacated = hook.tells.includes("vacated")
    const entry: Occupied = { number: this.count, hook: hook.name, tellsVacated, vacant: null }
    this.channels.set(channel, entry)
    if (hook.tells.includes("occupied")) this.tell("occupied", channel, entry)
    // Its last will: after `kill -9` nobody listens here any more.
    if (tellsVacated) this.keep(this.tellOf("vacated", channel, entry))
  }

  vacated(channel: string): void {
    const entry = this.channels.get(channel)
    if (!entry || entry.vacant) return
    entry.vacant = setTimeout(() => this.tellVacated(channel, entry), vacantMs)
    entry.vacant.unref?.()
  }

  /** What would have to be told, were this process gone now. */
  *wills(): Iterable<StoredTell> {
    for (const [channel, entry] of this.channels)
      if (entry.tellsVacated) yield this.tellOf("vacated", channel, entry)
  }

  /** The node ends: all that is vacant is told at once. */
  close(): void {
    for (const [channel, entry] of this.channels) {
      if (entry.vacant) clearTimeout(entry.vacant)
      this.tellVacated(channel, entry)
    }
  }

  private tellVacated(channel: string, entry: Occupied): void {
    this.channels.delete(channel)
    if (entry.tellsVacated) this.tell("vacated", channel, entry)
  }

  private tell(kind: "occupied" | "vacated", channel: string, entry: Occupied): void {
    const tell = this.tellOf(kind, channel, entry)
    this.keep(tell)
    this.options.tell(tell)
  }

  private tellOf(kind: "occupied" | "vacated", channel: string, { number, hook }: Occupied): StoredTell {
    const { node, now } = this.options
    return { id: `${node}/${kind}/${number}`, hook, time: now(), event: { kind, channel, node } }
  }

  private keep(tell: StoredTell): void {
    // What cannot be written down is told all the same, while this process lives.
    void Promise.resolve(this.options.records.put(tell)).catch(() => undefined)
  }
}
