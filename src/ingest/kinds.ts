// The kinds of sources, as the configuration names them: the one place that lists them.
import { kafka } from "./kafka/kafka.ts"
import { mqtt } from "./mqtt/mqtt.ts"
import { nats } from "./nats/nats.ts"
import { postgres } from "./postgres/postgres.ts"
import { rabbitmq } from "./rabbitmq/rabbitmq.ts"
import { redisStream } from "./redis-streams/redis-streams.ts"
import type { SourceKind } from "./source.ts"

export const sourceKinds: readonly SourceKind[] = [kafka, mqtt, nats, postgres, rabbitmq, redisStream]
