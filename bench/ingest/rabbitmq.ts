// A durable queue of RabbitMQ. Centrifugo reads none.
import { RabbitMqServer } from "../../test/support/brokers/rabbitmq.ts"
import { type BenchSource, type Messages, payloadOf } from "./source.ts"

const batch = 1000

export async function rabbitMqSource(messages: Messages): Promise<BenchSource> {
  const server = await RabbitMqServer.start()
  const client = await server.open()
  return {
    async prepare(reader) {
      await client.channel.assertQueue(reader, { durable: true })
    },
    async write(reader, from, count) {
      for (let at = from; at < from + count; at++) {
        client.channel.sendToQueue(reader, Buffer.from(payloadOf(at, messages)), {
          persistent: true,
          messageId: `${reader} ${at}`,
        })
        if (at % batch === 0) await client.channel.waitForConfirms()
      }
      await client.channel.waitForConfirms()
    },
    laba: (reader) => ({
      rabbitmq: { url: server.url, queues: [reader] },
      id: "{header.message-id}",
      to: "/{json.channel}",
      data: "{json.data}",
    }),
    centrifugo: () => null,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}
