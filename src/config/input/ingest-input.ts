// What can be configured about ingest, as its user writes it; what each kind of source takes is in ingest/. The comments
// here are also the texts of the docs.

import type { KafkaInput } from "./ingest/kafka-input.ts"
import type { MqttInput } from "./ingest/mqtt-input.ts"
import type { NatsInput } from "./ingest/nats-input.ts"
import type { PostgresInput } from "./ingest/postgres-input.ts"
import type { RabbitMqInput } from "./ingest/rabbitmq-input.ts"
import type { RedisStreamInput } from "./ingest/redis-stream-input.ts"

/** Messages of another system that become messages of channels. Exactly one kind of source. */
export interface IngestInput {
  /** Topics of Kafka. */
  readonly kafka?: KafkaInput
  /** Topics of an MQTT broker. */
  readonly mqtt?: MqttInput
  /** A stream of NATS JetStream. */
  readonly nats?: NatsInput
  /** A table of PostgreSQL that applications write into: an outbox. */
  readonly postgres?: PostgresInput
  /** Queues of RabbitMQ. */
  readonly rabbitmq?: RabbitMqInput
  /** A stream of Redis. */
  readonly redisStream?: RedisStreamInput
  /** Where messages go: a channel, or a list of channels, with `{…}` for what the message says: `/@{json.userId}/sales/{json.saleId}`. There are `{json.<path>}`, `{header.<name>}`, `{key}`, `{topic}` and what its kind of source knows besides. A value fills one part of a name, however it is spelled; `{topic...}` may fill several. */
  readonly to?: string | readonly string[]
  /** Instead of `to`: the id of a connection that it is pushed to, such as `{json.connection}`. Whoever has gone misses it. */
  readonly connection?: string
  /** Only messages of which all this holds: `{ json.status: [won, lost] }`. A value that is not there equals nothing but `null`. Default: all. */
  readonly when?: IngestCondition
  /** Not messages of which any of this holds. Default: none. */
  readonly unless?: IngestCondition
  /** What is published. One placeholder, `{json.result}`, is that JSON value as its sender wrote it; else it is a text with `{…}` filled in. Default: the body as it came. */
  readonly data?: string
  /** The content type. Default: what the message says it is; else JSON when it is JSON, text when it is UTF-8, else `application/octet-stream`. */
  readonly type?: string
  /** What a message is known again by, for a day: `{header.message-id}`. Needed for once where the source has no positions (RabbitMQ, MQTT), and of no use elsewhere. */
  readonly id?: string
  /** Where messages go that cannot be published, with the reason: a channel, or `source` for the source's own place. Default: `/ingest/<name>/dead`, which only keys may read. */
  readonly deadLetter?: string
  /** How much may be taken from the source and not yet published. At either bound the source is read no further. */
  readonly inFlight?: IngestInFlightInput
  /** Whether the node is unready while the source is away. Default false: people who are connected are served all the same. */
  readonly ready?: boolean
}

type IngestScalar = string | number | boolean | null
type IngestCondition = Readonly<Record<string, IngestScalar | readonly IngestScalar[]>>

interface IngestInFlightInput {
  /** Messages. Default 1000. */
  readonly messages?: number
  /** Their bytes, a size. Default 8MB. */
  readonly bytes?: number | string
}
