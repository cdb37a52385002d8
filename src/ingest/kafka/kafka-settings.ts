// What is configured of a source that reads from Kafka.
import { z } from "zod"
import { tlsSchema } from "../tls-settings.ts"

const text = z.string().min(1)

const address = z.string().regex(/^(\[[\da-fA-F:]+\]|[^\s:[\]]+):\d{1,5}$/, {
  error: 'must be a host and a port, as "k1.example:9092"',
})

/** As Kafka has it: letters, digits, `.`, `_` and `-`, at most 249. */
const topicName = z.string().regex(/^[\w.-]{1,249}$/, { error: "must be the name of a topic" })

/** How the group is told who we are. */
const saslSchema = z.strictObject({
  mechanism: z.enum(["plain", "scram-sha-256", "scram-sha-512"]),
  username: text,
  password: text,
})

export const kafkaSchema = z.strictObject({
  brokers: z.array(address).min(1),
  topics: z.array(topicName).min(1).max(100),
  group: text.regex(/^\S+$/, { error: "must have no spaces" }),
  from: z.enum(["start", "new"]).default("start"),
  tls: z.union([z.boolean(), tlsSchema]).default(false),
  sasl: saslSchema.optional(),
  deadLetterTopic: topicName.optional(),
})

export type KafkaSettings = z.output<typeof kafkaSchema>
