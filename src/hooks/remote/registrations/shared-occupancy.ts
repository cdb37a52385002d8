// Which channels somebody listens to on any of several nodes: what this node enters and leaves, until the records that the nodes
// share have taken it. Who is the first and who the last is theirs to say. When a node dies, its wills are left for it by another.
import type { ListeningNodes, NotificationStore, OccupancyChange, HookNotification } from "../remote.ts"

/** How long until the records are tried again. */
const againMs = 1000

interface SharedOccupancyOptions {
  readonly store: NotificationStore
  readonly listeningNodes: ListeningNodes
  readonly tell: (tell: HookNotification) => void
  /** How long those who may have been forgotten get to say again that they are there. */
  readonly patienceMs: number
}

interface NodeOccupancy {
  readonly will: HookNotification
  /** Whether its end is of interest to anybody. */
  readonly announcesVacated: boolean
  entered: Promise<void>
  standing: "coming" | "in" | "leaving"
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
    const { listeningNodes, tell } = this.options
    const occupancy: NodeOccupancy = {
      will,
      announcesVacated,
      entered: Promise.resolve(),
      standing: "coming",
      isOthers: false,
    }
    this.occupancies.set(will.id, occupancy)
    occupancy.entered = this.persist(occupancy, () => listeningNodes.enter(will, occupied)).then(
      (standing) => {
        occupancy.standing = "in"
        if (standing?.is === "first" && occupied) tell({ ...occupied, time: standing.time })
      },
    )
  }

  /** It has none any more. Resolves when the records know. */
  async leave(id: string): Promise<void> {
    const occupancy = this.occupancies.get(id)
    if (!occupancy) return
    const { listeningNodes, tell, store, patienceMs } = this.options
    const { will, announcesVacated } = occupancy
    await occupancy.entered
    occupancy.standing = "leaving"
    for (;;) {
      const standing = await this.persist(occupancy, () => listeningNodes.leave(will))
      if (!standing) return
      if (standing.is !== "unknown") {
        this.occupancies.delete(id)
        if (standing.is !== "last") return
        if (announcesVacated) tell({ ...will, time: standing.time })
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
    const standing = "leaving"
    this.occupancies.set(will.id, {
      will: known,
      announcesVacated,
      entered: Promise.resolve(),
      standing,
      isOthers: false,
    })
    void this.leave(will.id)
  }

  /** What is not among these ids, another node leaves. Answers the ids of those that this node was in. */
  dropOthers(kept: ReadonlySet<string>): ReadonlySet<string> {
    const dropped = new Set<string>()
    for (const [id, occupancy] of this.occupancies) {
      // Who is not in yet comes in under the lease that there is now.
      if (kept.has(id) || occupancy.standing === "coming") continue
      occupancy.isOthers = true
      this.occupancies.delete(id)
      if (occupancy.standing === "in") dropped.add(id)
    }
    return dropped
  }

  /** Of those that this node is in. What is about to be left is not said again. */
  *wills(): Iterable<HookNotification> {
    for (const { will, standing } of this.occupancies.values())
      if (standing === "in") yield { ...will, isWill: true }
  }

  /** From now on everything is tried once: what is not taken is left by another node. */
  close(): void {
    this.isClosing = true
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
        await pause(againMs)
      }
    }
  }
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    // It keeps no process that has nothing else to do.
    timer.unref?.()
  })
