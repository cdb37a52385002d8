// A queue of RabbitMQ as the suite of all sources drives it: read by one node at a time, so that order is kept over several.
import { RabbitMqServer } from "../../support/brokers/rabbitmq.ts"
import type { SourceDriver } from "../driver.ts"

const queue = "orders"

export async function rabbitMqDriver(): Promise<SourceDriver> {
  const server = await RabbitMqServer.start()
  {
    await using client = await server.open()
    await client.channel.assertQueue(queue, {
      durable: true,
      arguments: { "x-queue-type": "classic", "x-single-active-consumer": true },
    })
  }
  return {
    ingest: { rabbitmq: { url: server.url, queues: [queue] }, id: "{header.message-id}" },
    async produce(messages) {
      // Whoever is not sure writes again: by its id it is published once.
      for (;;) {
        try {
          await using client = await server.open()
          client.channel.on("error", () => {})
          for (const { id, body } of messages)
            client.channel.sendToQueue(queue, Buffer.from(body ?? ""), { persistent: true, messageId: id })
          await client.channel.waitForConfirms()
          return
        } catch {
          await Bun.sleep(100)
        }
      }
    },
    kill: () => server.kill(),
    restart: () => server.restart(),
    unacknowledged: async () => server.depth(queue),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
    },
  }
}
