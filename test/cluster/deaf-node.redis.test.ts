// A node that is alive and does not hear the others, as while its connection to hear with comes back.
import { expect, test } from "bun:test"
import { openStage } from "../backend-api/stage.ts"
import { RedisProcess } from "../support/redis-servers.ts"
import { listenAs, nodeNames, until } from "./stage.ts"

test("[K1, K2] what is on a node that lives and does not hear is not called gone: it is to be asked for again", async () => {
  await using redis = await RedisProcess.start()
  await redis.command("ACL", "SETUSER", "deaf", "on", ">secret", "~*", "&*", "+@all")
  await using a = await openStage({ engine: redis.url, node: { name: "a", lease: "60s" } })
  await using b = await openStage({
    engine: redis.url.replace("//", "//deaf:secret@"),
    node: { name: "b", lease: "60s" },
  })
  await until(async () => (await nodeNames(a)).join() === "a,b")
  const bob = await listenAs(b.base, "bob", "/c")
  const { frames } = await b.json<{ frames: { connection: string }[] }>(201, "POST", "/_/session")
  const session = `/_/session/${frames[0]?.connection}?ack=1`
  await until(async () => (await a.call("GET", `/_/api/connections/${bob.id}`)).ok)
  await until(
    async () =>
      (await a.json<{ connections: unknown[] }>(200, "GET", "/_/api/users/bob")).connections.length === 1,
  )
  // Redis cuts what may not listen any more, and lets nobody in its place listen again.
  await redis.command("ACL", "SETUSER", "deaf", "resetchannels")
  await until(async () => !(await b.call("GET", "/_/ready")).ok)
  const refusals = [
    await a.refusal("GET", `/_/api/connections/${bob.id}`),
    await a.refusal("POST", "/_/api/users/bob/disconnect"),
    await a.refusal("GET", session),
  ]
  expect(refusals.map(({ code }) => code)).toEqual(Array(3).fill("engine_unavailable"))
  expect(refusals.map(({ retryAfter }) => retryAfter)).toEqual(Array(3).fill(1))
  await redis.command("ACL", "SETUSER", "deaf", "allchannels")
  await until(async () => (await a.call("GET", `/_/api/connections/${bob.id}`)).ok)
  expect((await a.call("GET", session)).status).toBe(200)
  expect(await a.json<object>(200, "POST", "/_/api/users/bob/disconnect")).toEqual({
    user: "bob",
    disconnected: 1,
  })
  expect(await bob.frame("error")).toMatchObject({ code: "disconnected" })
}, 60_000)
