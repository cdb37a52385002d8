// Which channels somebody listens to, for backends that want to hear of it. A channel that is empty for a moment, as between
// two polls, was not empty.
import type { NotificationStore, HookNotification } from "../remote.ts"
import { SharedOccupancy } from "./shared-occupancy.ts"

/** How long a channel must have no listener before that is told: longer than a client needs to come back. */
export const vacantMs = 5000

interface OccupancyOptions {
  /** Names this run of this node. */
  readonly node: string
  readonly store: NotificationStore
  /** Who wants to hear which of the two about a channel; null when nobody does. */
  readonly hookOf: (channel: string) => { readonly name: string; readonly tells: readonly string[] } | null
  readonly tell: (tell: HookNotification) => void
  readonly now: () => number
}

interface Occupied {
  number: number
  readonly hook: string
  readonly tells: readonly string[]
  vacant: ReturnType<typeof setTimeout> | null
}

export class Occupancy {
  /** Of all nodes together. Null: this node has the channels to itself. */
  private readonly shared: SharedOccupancy | null
  private readonly options: OccupancyOptions
  private readonly channels = new Map<string, Occupied>()
  private count = 0

  constructor(options: OccupancyOptions) {
    this.options = options
    const { store, tell } = options
    const { listeningNodes } = store
    this.shared = listeningNodes
      ? new SharedOccupancy({ store, listeningNodes, tell, patienceMs: vacantMs })
      : null
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
    const entry: Occupied = { number: 0, hook: hook.name, tells: hook.tells, vacant: null }
    this.channels.set(channel, entry)
    this.enter(channel, entry)
  }

  vacated(channel: string): void {
    const entry = this.channels.get(channel)
    if (!entry || entry.vacant) return
    entry.vacant = setTimeout(() => void this.leave(channel, entry), vacantMs)
    entry.vacant.unref?.()
  }

  /** What would have to be told, or left, were this process gone now. */
  *wills(): Iterable<HookNotification> {
    if (this.shared) return yield* this.shared.wills()
    for (const [channel, entry] of this.channels)
      if (entry.tells.includes("vacated")) yield this.notificationOf("vacated", channel, entry)
  }

  /** A dead node's will. */
  inherit(will: HookNotification): void {
    const hook = will.event.kind === "unregister" ? null : this.options.hookOf(will.event.channel)
    this.shared?.inherit(will, hook?.name === will.hook && hook.tells.includes("vacated"))
  }

  /** This node was taken for dead, and others have left what is not among these ids: it enters anew. */
  leaseLost(kept: ReadonlySet<string>): void {
    const dropped = this.shared?.dropOthers(kept)
    for (const [channel, entry] of this.channels)
      if (dropped?.has(this.notificationOf("vacated", channel, entry).id)) this.enter(channel, entry)
  }

  /** The node ends: all that is vacant is told at once. */
  async close(): Promise<void> {
    this.shared?.close()
    const leaving = [...this.channels].map(([channel, entry]) => {
      if (entry.vacant) clearTimeout(entry.vacant)
      return this.leave(channel, entry)
    })
    await Promise.all(leaving)
  }

  private enter(channel: string, entry: Occupied): void {
    entry.number = ++this.count
    const { tells } = entry
    const announcesVacated = tells.includes("vacated")
    const occupied = tells.includes("occupied") ? this.notificationOf("occupied", channel, entry) : null
    const will = this.notificationOf("vacated", channel, entry)
    if (this.shared) return this.shared.enter(will, { occupied, announcesVacated })
    if (occupied) this.tell(occupied)
    // Its last will: after `kill -9` nobody listens here any more.
    if (announcesVacated) this.keep(will)
  }

  private leave(channel: string, entry: Occupied): Promise<void> {
    this.channels.delete(channel)
    const vacated = this.notificationOf("vacated", channel, entry)
    if (this.shared) return this.shared.leave(vacated.id)
    if (entry.tells.includes("vacated")) this.tell(vacated)
    return Promise.resolve()
  }

  private tell(tell: HookNotification): void {
    this.keep(tell)
    this.options.tell(tell)
  }

  private notificationOf(
    kind: "occupied" | "vacated",
    channel: string,
    { number, hook }: Occupied,
  ): HookNotification {
    const { node, now } = this.options
    return { id: `${node}/${kind}/${number}`, hook, time: now(), event: { kind, channel, node } }
  }

  private keep(tell: HookNotification): void {
    // What cannot be written down is told all the same, while this process lives.
    void Promise.resolve(this.options.store.put(tell)).catch(() => undefined)
  }
}
