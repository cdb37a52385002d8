// The suite of all sources, at a Redis stream.
import { redisStreamDriver } from "./drivers/redis-stream.ts"
import { testSource } from "./suite.ts"

testSource("a Redis stream", redisStreamDriver)
