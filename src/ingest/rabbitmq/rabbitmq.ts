// Reads queues of RabbitMQ: how it is configured, and how it is opened.
import type { SourceKind } from "../source.ts"
import { type RabbitMqSettings, rabbitMqSchema } from "./rabbitmq-settings.ts"

export const rabbitmq: SourceKind<RabbitMqSettings> = {
  name: "rabbitmq",
  schema: rabbitMqSchema,
  fields: ["queue", "exchange", "redelivered"],
  // A queue forgets what was acknowledged, and numbers nothing.
  positions: false,
  // A queue gives each message to one of those who read it.
  exclusive: false,
  topicSeparator: ".",
  // Without a queue for them they are refused, and go where the queue sends what is.
  setsAside: () => true,
  describe: ({ url, queues }) =>
    `rabbitmq ${queues.join(", ")} at ${url.map((each) => new URL(each).host).join(", ")}`,
  readersOf({ url: [first = ""], queues }) {
    const { host, pathname } = new URL(first)
    return queues.map((queue) => JSON.stringify([host, pathname, queue]))
  },
  readerName: "a queue",
  async open(settings, receiver, context) {
    const { RabbitMqSource } = await import("./rabbitmq-source.ts")
    return RabbitMqSource.open(settings, receiver, context)
  },
}
