// Which topics there are, by their identity, and where reading their partitions begins.
import type { KafkaConsumer } from "./kafka-client.ts"
import { isAnswer } from "./kafka-errors.ts"

/** A partition as it is read; `place` is the first that was not read yet. */
export interface KafkaPartition {
  /** The topic's id and the number: a topic made anew by the same name shares nothing with the one before. */
  readonly name: string
  readonly topic: string
  readonly topicId: string
  readonly index: number
  leader: number
  place: bigint
}

export class KafkaTopic {
  readonly name: string
  readonly id: string
  /** The leader of each partition. */
  readonly leaders: readonly number[]

  constructor(name: string, id: string, leaders: readonly number[]) {
    this.name = name
    this.id = id
    this.leaders = leaders
  }

  get partitions(): number {
    return this.leaders.length
  }

  partitionAt(index: number): KafkaPartition {
    const { id, name } = this
    return {
      name: `${id}/${index}`,
      topic: name,
      topicId: id,
      index,
      leader: this.leaders[index] ?? -1,
      place: 0n,
    }
  }
}

/** Asks for each by itself: a name that is missing must not hide the others. */
export async function findTopics(
  client: KafkaConsumer,
  names: readonly string[],
): Promise<{ readonly topics: readonly KafkaTopic[]; readonly missing: readonly string[] }> {
  const topics: KafkaTopic[] = []
  const missing: string[] = []
  for (const name of names) {
    try {
      const found = (await client.metadata({ topics: [name] })).topics.get(name)
      if (found)
        topics.push(
          new KafkaTopic(
            name,
            found.id,
            found.partitions.map(({ leader }) => leader),
          ),
        )
      else missing.push(name)
    } catch (error) {
      if (!isAnswer(error, "UNKNOWN_TOPIC_OR_PARTITION")) throw error
      missing.push(name)
    }
  }
  return { topics, missing }
}

interface StartOptions {
  readonly group: KafkaConsumer
  readonly fetcher: KafkaConsumer
  readonly topics: readonly KafkaTopic[]
  readonly from: "start" | "new"
}

/**
 * Behind what the group has committed. A topic of which it has committed nothing begins where `from` says, and that is committed at
 * once, for all its partitions: what is written between this start and the next is not lost. A partition that was added since begins
 * at its start.
 */
export async function startingPlaces(options: StartOptions): Promise<ReadonlyMap<string, bigint>> {
  const { group, fetcher, topics, from } = options
  const places = new Map<string, bigint>()
  const committed = await group.listCommittedOffsets({
    topics: topics.map(({ name, leaders }) => ({ topic: name, partitions: [...leaders.keys()] })),
  })
  for (const topic of topics) {
    const known = committed.get(topic.name) ?? []
    const isNew = known.every((offset) => offset < 0n)
    const isWhole = known.length === topic.partitions && known.every((offset) => offset >= 0n)
    const timestamp = isNew && from === "new" ? -1n : -2n
    const begin = isWhole
      ? []
      : ((await fetcher.listOffsets({ topics: [topic.name], timestamp })).get(topic.name) ?? [])
    const fresh: { topic: string; partition: number; offset: bigint; leaderEpoch: number }[] = []
    for (const partition of topic.leaders.keys()) {
      const at = known[partition]
      const place = at !== undefined && at >= 0n ? at : (begin[partition] ?? 0n)
      places.set(topic.partitionAt(partition).name, place)
      if (isNew) fresh.push({ topic: topic.name, partition, offset: place, leaderEpoch: -1 })
    }
    if (fresh.length > 0) await group.commit({ offsets: fresh })
  }
  return places
}
