// What can be configured of Kafka as a source. The comments here are also the texts of the docs.
import type { SourceTlsInput } from "./tls-input.ts"

export interface KafkaInput {
  /** Where to begin: brokers as `host:port`. The others are learned from them. */
  readonly brokers: readonly string[]
  /** The topics. Templates know a message's as `{topic}`, its partition as `{partition}` and its place as `{offset}`. */
  readonly topics: readonly string[]
  /** The consumer group. Nodes that have the same share its partitions; other applications have another. */
  readonly group: string
  /** Where a group begins that has committed nothing of a topic yet. Default `start`: with the oldest message. `new`: with what is written from then on. */
  readonly from?: "start" | "new"
  /** Whether brokers are reached over TLS, or how. Default false. */
  readonly tls?: boolean | SourceTlsInput
  /** How the brokers are told who we are. */
  readonly sasl?: KafkaSaslInput
  /** The topic that dead letters are written to with `deadLetter: source`. */
  readonly deadLetterTopic?: string
}

interface KafkaSaslInput {
  /** What the brokers take. */
  readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512"
  /** The user. */
  readonly username: string
  /** Its password. */
  readonly password: string
}
