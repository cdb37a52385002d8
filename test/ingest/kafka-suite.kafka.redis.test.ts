// The suite of all sources, at a topic of Kafka. Its broker takes seconds to start, for each test anew: one engine here, the other in
// `npm run campaign -- ingest`.
import { kafkaDriver } from "./drivers/kafka.ts"
import { testSource } from "./suite.ts"

testSource("a topic of Kafka", kafkaDriver, ["redis"])
