import { afterAll, beforeAll } from "bun:test"
import { SentinelTrio } from "../support/redis-servers.ts"
import { engineContract } from "./contract.ts"
import { redisMaker } from "./redis-maker.ts"

let trio: SentinelTrio
beforeAll(async () => {
  trio = await SentinelTrio.start()
}, 120_000)
afterAll(() => trio[Symbol.asyncDispose]())

engineContract(
  "redis behind Sentinels",
  redisMaker(() => trio.url),
)
