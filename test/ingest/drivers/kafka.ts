// A topic of Kafka as the suite of all sources drives it.
import { Consumer, Producer } from "@platformatic/kafka"
import { KafkaServer } from "../../support/brokers/kafka.ts"
import type { SourceDriver, Written } from "../driver.ts"

const topic = "orders"
const partitions = 4

/** The same for one key. */
const partitionOf = (key: string): number =>
  [...key].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % partitions

export async function kafkaDriver(): Promise<SourceDriver> {
  const server = await KafkaServer.start()
  await server.createTopic(topic, partitions)
  const options = { clientId: "driver", bootstrapBrokers: [server.address], retries: 0 }

  const withConsumer = async <T>(work: (consumer: Consumer) => Promise<T>): Promise<T> => {
    const consumer = new Consumer({ ...options, groupId: "laba" })
    consumer.topics.track(topic)
    consumer.on("error" as never, () => {})
    try {
      return await work(consumer)
    } finally {
      await (consumer.close(true) as unknown as Promise<void>)
    }
  }
  const ends = (): Promise<readonly bigint[]> =>
    withConsumer(async (consumer) => (await consumer.listOffsets({ topics: [topic] })).get(topic) ?? [])

  /** One partition's, in one batch, which is there as a whole or not at all. */
  const send = async (partition: number, some: readonly Written[]): Promise<void> => {
    const producer = new Producer({ ...options, timeout: 5000 })
    try {
      await producer.send({
        acks: -1,
        messages: some.map(({ key, body }) => ({
          topic,
          partition,
          key: Buffer.from(key),
          value: Buffer.from(body ?? ""),
        })),
      })
    } finally {
      await producer.close()
    }
  }

  return {
    ingest: { kafka: { brokers: [server.address], topics: [topic], group: "laba" } },
    async produce(messages) {
      for (const [partition, some] of Map.groupBy(messages, ({ key }) => partitionOf(key))) {
        let before: bigint | null = null
        for (;;) {
          try {
            const end: bigint = (await ends())[partition] ?? 0n
            before ??= end
            // It was written, and only the answer was lost.
            if (end > before) break
            await send(partition, some)
            break
          } catch {
            await Bun.sleep(100)
          }
        }
      }
    },
    kill: () => server.kill(),
    restart: () => server.restart(),
    rebalance: () =>
      withConsumer(async (consumer) => {
        await consumer.joinGroup({})
      }).catch(() => {}),
    async unacknowledged() {
      const all = await ends()
      const committed = await withConsumer((consumer) =>
        consumer.listCommittedOffsets({ topics: [{ topic, partitions: [...all.keys()] }] }),
      )
      return all.reduce((sum, end, at) => {
        const place = committed.get(topic)?.[at] ?? 0n
        return sum + Number(end - (place < 0n ? 0n : place))
      }, 0)
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
    },
  }
}
