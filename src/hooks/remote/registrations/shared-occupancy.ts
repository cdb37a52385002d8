// Which channels somebody listens to on any of several nodes: what this node enters and leaves, until the store that the nodes
// share has taken it. Who is the first and who the last is the store's to say. When a node dies, its wills are left for it by another.
import { setTimeout } from "node:timers/promises"
import type { HookNotification, ListeningNodes, NotificationStore, OccupancyChange } from "../remote.ts"

/** How long until the store is tried again. */
const retryMs = 1000

interface SharedOccupancyOptions {
  readonly store: NotificationStore
  readonly listeningNodes: ListeningNodes
  readonly notify: (notification: HookNotification) => void
  /** How long those who may have been forgotten get to say again that they are there. */
  readonly patienceMs: number
}

interface NodeOccupancy {
  readonly will: HookNotification
  /** Whether its end is of interest to anybody. */
  readonly announcesVacated: boolean
  entered: Promise<void>
  phase: "entering" | "in" | "leaving"
  /** Another node leaves for it. */
  isOthers: boolean
}

export class SharedOccupancy {
  private readonly options: SharedOccupancyOptions
  /** By the id of the will. */
  private readonly occupancies = new Map<string, NodeOccupancy>()
  private isClosing = false

  constructor(options: SharedOccupancyOptions) {
    this.options = options
  }

  /** This node has a listener; `occupied` is told when no node had one. */
  enter(
    will: HookNotification,
    { occupied, announcesVacated }: { occupied: HookNotification | null; announcesVacated: boolean },
  ): void {
    const { listeningNodes, notify } = this.options
    const occupancy = this.keep(will, announcesVacated, "entering")
    occupancy.entered = this.persist(occupancy, () => listeningNodes.enter(will, occupied)).then((change) => {
      occupancy.phase = "in"
      if (change?.is === "first" && occupied) notify({ ...occupied, time: change.time })
    })
  }

  /** It has none any more. Resolves when the store knows. */
  async leave(id: string): Promise<void> {
    const occupancy = this.occupancies.get(id)
    if (!occupancy) return
    const { listeningNodes, notify, store, patienceMs } = this.options
    const { will, announcesVacated } = occupancy
    await occupancy.entered
    occupancy.phase = "leaving"
    for (;;) {
      const change = await this.persist(occupancy, () => listeningNodes.leave(will))
      if (!change) return
      if (change.is !== "unknown") {
        this.occupancies.delete(id)
        if (change.is !== "last") return
        if (announcesVacated) notify({ ...will, time: change.time })
        else store.remove(id)
        return
      }
      // They were forgotten, and so perhaps were others, who say again that they are there: the last to leave is then known.
      if (this.isClosing) return
      await this.persist(occupancy, () => listeningNodes.enter(will, null))
      await pause(patienceMs)
    }
  }

  /** Leaves for a node that is dead. */
  inherit(will: HookNotification, announcesVacated: boolean): void {
    // One of its own that it is about to leave.
    if (this.occupancies.has(will.id)) return
    const { isWill: _, ...known } = will
    this.keep(known, announcesVacated, "leaving")
    void this.leave(will.id)
  }

  /** What is not among these ids, another node leaves. Answers the ids of those that this node was in. */
  dropOthers(kept: ReadonlySet<string>): ReadonlySet<string> {
    const dropped = new Set<string>()
    for (const [id, occupancy] of this.occupancies) {
      // Who is not in yet comes in under the lease that there is now.
      if (kept.has(id) || occupancy.phase === "entering") continue
      occupancy.isOthers = true
      this.occupancies.delete(id)
      if (occupancy.phase === "in") dropped.add(id)
    }
    return dropped
  }

  /** Of those that this node is in. What is about to be left is not said again. */
  *wills(): Iterable<HookNotification> {
    for (const { will, phase } of this.occupancies.values())
      if (phase === "in") yield { ...will, isWill: true }
  }

  /** From now on everything is tried once: what is not taken is left by another node. */
  close(): void {
    this.isClosing = true
  }

  private keep(
    will: HookNotification,
    announcesVacated: boolean,
    phase: NodeOccupancy["phase"],
  ): NodeOccupancy {
    const entered = Promise.resolve()
    const occupancy: NodeOccupancy = { will, announcesVacated, entered, phase, isOthers: false }
    this.occupancies.set(will.id, occupancy)
    return occupancy
  }

  /** Null when it is nobody's affair here any more. */
  private async persist(
    occupancy: NodeOccupancy,
    work: () => Promise<OccupancyChange>,
  ): Promise<OccupancyChange | null> {
    for (;;) {
      if (occupancy.isOthers) return null
      try {
        return await work()
      } catch {
        // The engine tells that it is away.
        if (this.isClosing) return null
        await pause(retryMs)
      }
    }
  }
}

/** It keeps no process that has nothing else to do. */
const pause = (ms: number): Promise<void> => setTimeout(ms, undefined, { ref: false })
