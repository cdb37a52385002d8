// What can be configured of RabbitMQ as a source. The comments here are also the texts of the docs.
import type { SourceTlsInput } from "./tls-input.ts"

export interface RabbitMqInput {
  /** Where RabbitMQ is: `amqp://user:password@host:5672/vhost`, with `amqps` for TLS. A list: the nodes of a cluster, tried in turn. */
  readonly url: string | readonly string[]
  /** The queues, which must be there. Templates know a message's as `{queue}`, its exchange as `{exchange}` and its routing key as `{topic}`. Order is kept over several nodes where a queue has `x-single-active-consumer`. */
  readonly queues: readonly string[]
  /** Messages of one queue that may be here and not acknowledged, 1 to 65,535. Default 250, or less where `inFlight` is less. Each is in memory: lower it where messages are large. */
  readonly prefetch?: number
  /** The queue that dead letters are sent to with `deadLetter: source`, with the reason as a header. Default: they are refused, and go where the queue's own arguments or policy send them, without the reason; where there is no such place they are gone. */
  readonly deadLetterQueue?: string
  /** For an address that begins with `amqps`. */
  readonly tls?: SourceTlsInput
}
