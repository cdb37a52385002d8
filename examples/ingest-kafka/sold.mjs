// Writes who has won, as a service of a shop does.
import { Producer } from "@platformatic/kafka"

const producer = new Producer({ clientId: "sale", bootstrapBrokers: [process.env.KAFKA ?? "127.0.0.1:9092"] })
const result = { userId: 42, saleId: 7, status: "won", result: { order: "A-1", price: 1 } }
await producer.send({
  messages: [{ topic: "sale-results", key: Buffer.from("42"), value: Buffer.from(JSON.stringify(result)) }],
})
await producer.close()
