// Writes who has won, as a service of a shop does.
import { connect } from "@nats-io/transport-node"
import { jetstream, jetstreamManager } from "@nats-io/jetstream"

const connection = await connect({ servers: process.env.NATS ?? "127.0.0.1:4222" })
const manager = await jetstreamManager(connection)
await manager.streams.add({ name: "SALES", subjects: ["sales.>"] })

const result = { userId: 42, saleId: 7, status: "won", result: { order: "A-1", price: 1 } }
await jetstream(connection).publish("sales.7.results", JSON.stringify(result))
await connection.close()
