// A stream of NATS JetStream as the suite of all sources drives it.
import { natsClient, startNats } from "../../support/brokers/nats.ts"
import type { SourceDriver } from "../driver.ts"

const durable = "laba-orders"

export async function natsDriver(): Promise<SourceDriver> {
  const server = await startNats()
  const client = await natsClient(server, { maxReconnectAttempts: -1 })
  const { js, manager } = client
  await manager.streams.add({ name: "ORDERS", subjects: ["orders.>"] })
  let written = 0
  return {
    ingest: { nats: { servers: server.address, stream: "ORDERS", subjects: "orders.>" } },
    async produce(messages) {
      for (const { key, body } of messages) {
        // By ids of its own, so that what was written before an answer was lost is not written twice.
        const msgID = `${++written}`
        for (;;) {
          try {
            await js.publish(`orders.${key}`, body ?? "", { msgID })
            break
          } catch {
            await Bun.sleep(50)
          }
        }
      }
    },
    kill: () => server.kill(),
    restart: () => server.restart(),
    async unacknowledged() {
      const { num_pending, num_ack_pending } = await manager.consumers.info("ORDERS", durable)
      return num_pending + num_ack_pending
    },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}
