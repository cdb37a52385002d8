// Reads topics of Kafka as a member of a consumer group: how it is configured, and how it is opened.
import type { SourceKind } from "../source.ts"
import { type KafkaSettings, kafkaSchema } from "./kafka-settings.ts"

export const kafka: SourceKind<KafkaSettings> = {
  name: "kafka",
  schema: kafkaSchema,
  fields: ["partition", "offset"],
  positions: true,
  // A group's members share the partitions among themselves.
  exclusive: false,
  registryFramed: true,
  setsAside: ({ deadLetterTopic }) => deadLetterTopic !== undefined,
  describe: ({ brokers, topics, group }) => `kafka ${topics.join(", ")} at ${brokers.join(", ")} as ${group}`,
  readersOf: ({ brokers, topics, group }) =>
    topics.map((topic) => JSON.stringify([[...brokers].sort(), group, topic])),
  readerName: "a group",
  async open(settings, receiver, context) {
    const { KafkaSource } = await import("./kafka-source.ts")
    return KafkaSource.open(settings, receiver, context)
  },
}
