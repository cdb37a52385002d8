// The suite of all sources, at a queue of RabbitMQ.
import { rabbitMqDriver } from "./drivers/rabbitmq.ts"
import { testSource } from "./suite.ts"

testSource("a queue of RabbitMQ", rabbitMqDriver)
