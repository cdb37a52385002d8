// A topic of Kafka with four partitions for each server that reads.
import { Producer } from "@platformatic/kafka"
import { KafkaServer } from "../../test/support/brokers/kafka.ts"
import { type BenchSource, type Messages, payloadOf } from "./source.ts"

const partitions = 4
const batch = 2000

export async function kafkaSource(messages: Messages): Promise<BenchSource> {
  const server = await KafkaServer.start()
  const producer = new Producer({ clientId: "bench", bootstrapBrokers: [server.address] })
  return {
    prepare: (reader) => server.createTopic(reader, partitions),
    async write(reader, from, count) {
      for (let at = from; at < from + count; at += batch)
        await producer.send({
          acks: -1,
          messages: Array.from({ length: Math.min(batch, from + count - at) }, (_, next) => ({
            topic: reader,
            partition: (at + next) % partitions,
            value: Buffer.from(`{"method":"publish","payload":${payloadOf(at + next, messages)}}`),
          })),
        })
    },
    laba: (reader) => ({
      kafka: { brokers: [server.address], topics: [reader], group: reader },
      to: "/{json.payload.channel}",
      data: "{json.payload.data}",
    }),
    centrifugo: (reader) => ({
      type: "kafka",
      kafka: { brokers: [server.address], topics: [reader], consumer_group: reader },
    }),
    async [Symbol.asyncDispose]() {
      await producer.close()
      await server[Symbol.asyncDispose]()
    },
  }
}
