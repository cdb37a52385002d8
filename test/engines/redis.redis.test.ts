import { afterAll, beforeAll } from "bun:test"
import { RedisProcess } from "../support/redis-servers.ts"
import { engineContract } from "./contract.ts"
import { redisMaker } from "./redis-maker.ts"

let server: RedisProcess
beforeAll(async () => {
  server = await RedisProcess.start({ config: { save: '""' } })
}, 60_000)
afterAll(() => server[Symbol.asyncDispose]())

engineContract(
  "redis",
  redisMaker(() => server.url),
)
engineContract(
  "redis, durable",
  redisMaker(() => server.url, { voteLeaseMs: 10_000 }),
)
engineContract(
  "redis, broadcast",
  redisMaker(() => server.url, { routing: "broadcast" }),
)
