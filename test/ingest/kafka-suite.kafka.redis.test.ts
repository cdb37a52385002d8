// The suite of all sources, at a topic of Kafka.
import { kafkaDriver } from "./drivers/kafka.ts"
import { testSource } from "./suite.ts"

testSource("a topic of Kafka", kafkaDriver)
