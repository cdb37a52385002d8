// Gathers what is published in one turn of the loop, so that Redis is asked once for all of it: one script numbers many
// drafts, in their order, and each has its own answer. Knows turns and bounds; how a group is published, others know.
import type { Keep } from "../../channels/channel.ts"
import type { Draft, Receipt } from "../engine.ts"
import type { Partition } from "./partitions.ts"
import { RedisTrouble, unavailable } from "./trouble.ts"

/** Drafts in one group: Redis does nothing else for about a millisecond. */
const draftsMax = 64

/** Their bytes; a bigger draft goes alone. */
const groupBytesMax = 256 * 1024

/** Drafts without an answer; more are refused at once. About two seconds' worth. */
const waitingMax = 50_000

/** One publish that waits for its answer. */
export interface Waiting {
  readonly draft: Draft
  readonly keep: Keep
  readonly resolve: (receipt: Receipt) => void
  readonly reject: (error: unknown) => void
}

/** Publishes a group, and gives each of it its answer before it resolves. Throws when none has one. */
type PublishGroup = (partition: Partition, group: readonly Waiting[]) => Promise<void>

export class Gathering {
  private readonly publishGroup: PublishGroup
  private gathered = new Map<Partition, Waiting[]>()
  private armed = false
  private waiting = 0

  constructor(publishGroup: PublishGroup) {
    this.publishGroup = publishGroup
  }

  /** Publishes in this turn, after all that was added before. Throws `engine_unavailable`, and what the group is told. */
  async add(partition: Partition, draft: Draft, keep: Keep): Promise<Receipt> {
    if (this.waiting >= waitingMax) {
      const says = "Redis is behind: too many publishes wait for its answer"
      throw unavailable(new RedisTrouble(says, { passing: true }), "Redis")
    }
    this.waiting++
    if (!this.armed) {
      this.armed = true
      setImmediate(() => this.flush())
    }
    return new Promise((resolve, reject) => {
      const waiting = { draft, keep, resolve, reject }
      const known = this.gathered.get(partition)
      if (known) known.push(waiting)
      else this.gathered.set(partition, [waiting])
    })
  }

  private flush(): void {
    this.armed = false
    const { gathered } = this
    this.gathered = new Map()
    for (const [partition, all] of gathered)
      for (const group of groupsOf(all)) void this.send(partition, group)
  }

  private async send(partition: Partition, group: readonly Waiting[]): Promise<void> {
    try {
      await this.publishGroup(partition, group)
    } catch (error) {
      for (const { reject } of group) reject(error)
    } finally {
      this.waiting -= group.length
    }
  }
}

/** Cuts a list into groups that are within the bounds. */
function groupsOf(all: readonly Waiting[]): readonly (readonly Waiting[])[] {
  const groups: Waiting[][] = []
  let group: Waiting[] = []
  let bytes = 0
  for (const waiting of all) {
    if (group.length === draftsMax || (group.length > 0 && bytes + waiting.draft.bytes > groupBytesMax)) {
      groups.push(group)
      group = []
      bytes = 0
    }
    group.push(waiting)
    bytes += waiting.draft.bytes
  }
  if (group.length > 0) groups.push(group)
  return groups
}
