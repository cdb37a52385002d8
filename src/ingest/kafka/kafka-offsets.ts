// How far each partition was settled, and what of that is to be committed.
import type { SourceMessage } from "../source.ts"
import { offsetOf } from "./kafka-records.ts"
import type { KafkaPartition } from "./kafka-topics.ts"

interface DueOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  readonly leaderEpoch: number
}

export class KafkaOffsets {
  private readonly known = new Map<string, { readonly partition: KafkaPartition; settled: bigint }>()
  private readonly due = new Set<string>()

  /** A partition is ours from its place on. */
  start(partition: KafkaPartition): void {
    this.known.set(partition.name, { partition, settled: partition.place })
  }

  /** Forgets all but these: what was settled of others is theirs who read them now. */
  keep(partitions: readonly KafkaPartition[]): void {
    const names = new Set(partitions.map(({ name }) => name))
    for (const name of this.known.keys()) if (!names.has(name)) this.known.delete(name)
    for (const name of this.due) if (!names.has(name)) this.due.delete(name)
  }

  settle(messages: readonly SourceMessage[]): void {
    for (const { partition, position } of messages) {
      const known = this.known.get(partition)
      const offset = position === null ? null : offsetOf(position)
      if (!known || offset === null) continue
      known.settled = offset + 1n
      this.due.add(partition)
    }
  }

  move(partition: KafkaPartition, place: bigint): void {
    this.known.set(partition.name, { partition, settled: place })
    this.due.add(partition.name)
  }

  /** The first that is not settled. */
  settledTo(name: string): bigint | undefined {
    return this.known.get(name)?.settled
  }

  /** What was settled since it was asked last. */
  takeDue(): readonly DueOffset[] {
    const due = [...this.due].flatMap((name) => {
      const known = this.known.get(name)
      if (!known) return []
      const { topic, index } = known.partition
      return [{ topic, partition: index, offset: known.settled, leaderEpoch: -1 }]
    })
    this.due.clear()
    return due
  }

  /** It could not be committed: it is due again. */
  giveBack(due: readonly DueOffset[]): void {
    for (const { topic, partition } of due)
      for (const [name, known] of this.known)
        if (known.partition.topic === topic && known.partition.index === partition) this.due.add(name)
  }
}
