// The suite of all sources, at a stream of NATS JetStream.
import { natsDriver } from "./drivers/nats.ts"
import { testSource } from "./suite.ts"

testSource("a stream of NATS JetStream", natsDriver)
