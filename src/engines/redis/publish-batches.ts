// Gathers what is published in one turn of the loop, so that Redis is asked once for all of it: one script numbers many
// drafts, in their order, and each has its own answer. Knows turns and bounds; how a batch is published, others know.
import type { Keep } from "../../channels/channel.ts"
import type { Draft, Receipt } from "../engine.ts"
import type { Partition } from "./partitions.ts"
import { RedisTrouble, unavailable } from "../../redis/redis-errors.ts"

/** Drafts in one batch: Redis does nothing else for about a millisecond. */
const draftsMax = 64

/** Their bytes; a bigger draft goes alone. */
const batchBytesMax = 256 * 1024

/** Drafts without an answer; more are refused at once. About two seconds' worth. */
const waitingMax = 50_000

/** One publish that waits for its answer. */
export interface PendingPublish {
  readonly draft: Draft
  readonly keep: Keep
  readonly resolve: (receipt: Receipt) => void
  readonly reject: (error: unknown) => void
}

/** Publishes a batch, and gives each of it its answer before it resolves. Throws when none has one. */
type PublishBatch = (partition: Partition, batch: readonly PendingPublish[]) => Promise<void>

export class PublishBatches {
  private readonly publishBatch: PublishBatch
  private gathered = new Map<Partition, PendingPublish[]>()
  private armed = false
  private waiting = 0

  constructor(publishBatch: PublishBatch) {
    this.publishBatch = publishBatch
  }

  /** Publishes in this turn, after all that was added before. Throws `engine_unavailable`, and what the batch is told. */
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
      for (const batch of batchesOf(all)) void this.send(partition, batch)
  }

  private async send(partition: Partition, batch: readonly PendingPublish[]): Promise<void> {
    try {
      await this.publishBatch(partition, batch)
    } catch (error) {
      for (const { reject } of batch) reject(error)
    } finally {
      this.waiting -= batch.length
    }
  }
}

/** Cuts a list into batches that are within the bounds. */
function batchesOf(all: readonly PendingPublish[]): readonly (readonly PendingPublish[])[] {
  const batches: PendingPublish[][] = []
  let batch: PendingPublish[] = []
  let bytes = 0
  for (const waiting of all) {
    if (batch.length === draftsMax || (batch.length > 0 && bytes + waiting.draft.bytes > batchBytesMax)) {
      batches.push(batch)
      batch = []
      bytes = 0
    }
    batch.push(waiting)
    bytes += waiting.draft.bytes
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}
