// The suite of all sources, at a queue of RabbitMQ. Its broker takes seconds to start, for each test anew: one engine here, the other in
// `npm run campaign -- ingest`.
import { rabbitMqDriver } from "./drivers/rabbitmq.ts"
import { testSource } from "./suite.ts"

testSource("a queue of RabbitMQ", rabbitMqDriver, ["sqlite"])
