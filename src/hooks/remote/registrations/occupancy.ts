// Which channels somebody listens to, for backends that want to hear of it. A channel that is empty for a moment, as between
// two polls, was not empty.
import type { HookNotification, NotificationStore } from "../remote.ts"
import { keep } from "./registrations.ts"
import { SharedOccupancy } from "./shared-occupancy.ts"

/** How long a channel must have no listener before that is told: longer than a client needs to come back. */
export const vacantMs = 5000

/** A hook that wants to hear about a channel, and which of the two. */
export interface ChannelHook {
  readonly name: string
  readonly tells: readonly ("occupied" | "vacated")[]
}

interface OccupancyOptions {
  /** Names this run of this node. */
  readonly node: string
  readonly store: NotificationStore
  /** Null when nobody wants to hear about a channel. */
  readonly hookOf: (channel: string) => ChannelHook | null
  readonly notify: (notification: HookNotification) => void
  readonly now: () => number
}

interface OccupiedChannel {
  /** Which time this is that the node has a listener there. */
  number: number
  readonly hook: ChannelHook
  vacant: ReturnType<typeof setTimeout> | null
}

export class Occupancy {
  /** Of all nodes together. Null: this node has the channels to itself. */
  private readonly shared: SharedOccupancy | null
  private readonly options: OccupancyOptions
  private readonly channels = new Map<string, OccupiedChannel>()
  private count = 0

  constructor(options: OccupancyOptions) {
    this.options = options
    const { store, notify } = options
    const { listeningNodes } = store
    this.shared = listeningNodes
      ? new SharedOccupancy({ store, listeningNodes, notify, patienceMs: vacantMs })
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
    const entry: OccupiedChannel = { number: 0, hook, vacant: null }
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
      if (entry.hook.tells.includes("vacated")) yield this.notificationOf("vacated", channel, entry)
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

  private enter(channel: string, entry: OccupiedChannel): void {
    entry.number = ++this.count
    const { tells } = entry.hook
    const announcesVacated = tells.includes("vacated")
    const occupied = tells.includes("occupied") ? this.notificationOf("occupied", channel, entry) : null
    const will = this.notificationOf("vacated", channel, entry)
    if (this.shared) return this.shared.enter(will, { occupied, announcesVacated })
    if (occupied) this.notify(occupied)
    // Its last will: after `kill -9` nobody listens here any more.
    if (announcesVacated) keep(this.options.store, will)
  }

  private leave(channel: string, entry: OccupiedChannel): Promise<void> {
    this.channels.delete(channel)
    const vacated = this.notificationOf("vacated", channel, entry)
    if (this.shared) return this.shared.leave(vacated.id)
    if (entry.hook.tells.includes("vacated")) this.notify(vacated)
    return Promise.resolve()
  }

  private notify(notification: HookNotification): void {
    keep(this.options.store, notification)
    this.options.notify(notification)
  }

  private notificationOf(
    kind: "occupied" | "vacated",
    channel: string,
    { number, hook }: OccupiedChannel,
  ): HookNotification {
    const { node, now } = this.options
    return { id: `${node}/${kind}/${number}`, hook: hook.name, time: now(), event: { kind, channel, node } }
  }
}
