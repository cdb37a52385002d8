// A start over Redis that cannot succeed ends: with one sentence, an exit code, and no node left in the list of nodes.
import { expect, test } from "bun:test"
import { RedisProcess } from "../support/redis-servers.ts"
import { laba } from "./laba.ts"

test("a wrong password ends the start, and is not repeated", async () => {
  await using redis = await RedisProcess.start({ config: { save: '""', requirepass: "right" } })
  const engine = `redis://anna:hush@127.0.0.1:${redis.port}`
  const { code, out, err } = await laba(["serve", "--port", "0", "--engine", engine])
  expect([code, out]).toEqual([1, ""])
  expect(err.trimEnd().split("\n").at(-1)).toBe(
    `laba: Redis at redis://127.0.0.1:${redis.port} refuses this user or password.`,
  )
  expect(err).not.toMatch(/anna|hush|right/)
})

test("a port that is taken ends the start, and the others do not count the node", async () => {
  await using redis = await RedisProcess.start()
  const taken = redis.port
  const { code, err } = await laba(["serve", "--port", `${taken}`, "--engine", redis.url])
  expect([code, err]).toEqual([
    1,
    `laba: port ${taken} on 127.0.0.1 is in use; end what uses it, or choose another with --port\n`,
  ])
  expect(await redis.command("KEYS", "*leases*")).toEqual([])
})
