// Writes who has won, as a service of a shop does.
import { connect } from "amqplib"

const connection = await connect(process.env.RABBITMQ ?? "amqp://guest:guest@127.0.0.1:5672")
const channel = await connection.createConfirmChannel()
await channel.assertQueue("sale-results", { durable: true, arguments: { "x-single-active-consumer": true } })
const result = { userId: 42, saleId: 7, status: "won", result: { order: "A-1", price: 1 } }
channel.sendToQueue("sale-results", Buffer.from(JSON.stringify(result)), {
  persistent: true,
  messageId: "A-1",
})
await channel.waitForConfirms()
await connection.close()
