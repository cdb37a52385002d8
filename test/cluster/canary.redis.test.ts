// What a node says to itself through its engine: when it is not heard the node is deaf, and nobody else has to do with it.
import { expect, test } from "bun:test"
import { connectByLaba } from "../support/laba-socket.ts"
import { RedisProcess } from "../support/redis-servers.ts"
import type { Stage } from "../backend-api/stage.ts"
import { openStage } from "../backend-api/stage.ts"
import { DeafeningProxy } from "./deafening-proxy.ts"
import { listenAs, openCluster, until } from "./stage.ts"

/** `/_/ready`: its status, and why not. */
async function readiness({ call }: Stage): Promise<{ status: number; reasons: readonly string[] }> {
  const answer = await call("GET", "/_/ready")
  const { reasons = [] } = (await answer.json()) as { reasons?: readonly string[] }
  return { status: answer.status, reasons }
}

test("[K6] a node that takes commands to Redis and hears nothing from it is deaf until it hears again", async () => {
  await using redis = await RedisProcess.start()
  await using proxy = await DeafeningProxy.start(redis.port)
  await using node = await openStage({ engine: proxy.url })
  await using other = await openStage({ engine: redis.url })
  await until(async () => (await readiness(node)).status === 200)
  const ann = await listenAs(node.base, "ann", "/news")
  proxy.deafen()
  await until(async () => (await readiness(node)).reasons.includes("deaf"))
  // Nothing else has told it: its connections look well.
  expect(await readiness(node)).toEqual({ status: 503, reasons: ["deaf"] })
  // It is not Redis that is away.
  expect(await readiness(other)).toEqual({ status: 200, reasons: [] })
  await other.call("POST", "/news", { what: "said meanwhile" })
  proxy.undo()
  await until(async () => (await readiness(node)).status === 200)
  expect(await ann.frame("message")).toMatchObject({ data: { what: "said meanwhile" } })
  ann.socket.close()
}, 90_000)

test("[K6] what a node says to itself is on no list and in no count, and nobody can name it", async () => {
  await using cluster = await openCluster(2)
  const [a] = cluster.nodes as [Stage]
  const names = async (): Promise<string[]> => {
    const keys = (await cluster.redis.command("KEYS", "laba:*/canary/*")) as string[]
    return keys.map((key) => key.slice(key.indexOf("/")))
  }
  await until(async () => (await names()).length >= 2)
  const [name = ""] = await names()
  expect(name).toStartWith("/_/")
  const listed = async () =>
    (await a.json<{ channels: { channel: string }[] }>(200, "GET", "/_/api/channels")).channels.map(
      ({ channel }) => channel,
    )
  expect(await listed()).toEqual([])
  await a.call("POST", "/news", { what: "something" })
  expect(await listed()).toEqual(["/news"])
  const ann = await listenAs(a.base, "ann", "/news")
  const figures = async () => (await a.call("GET", "/_/metrics")).text()
  await until(async () => /^laba_channels_known\S* 1$/m.test(await figures()))
  expect(await figures()).toMatch(/^laba_channels_heard\S* 1$/m)
  for (const spelled of [name, name.replace("_", "%5F"), name.replace("_", "%5f")]) {
    for (const method of ["GET", "POST", "DELETE"])
      expect([404, 405, 400]).toContain((await a.call(method, spelled)).status)
    ann.send({ op: "subscribe", ref: 9, channel: spelled })
    expect(await ann.frame("error")).toMatchObject({ code: "bad_channel" })
  }
  const socket = await connectByLaba(`${a.base}/_/ws`)
  socket.send({ op: "publish", ref: 1, channel: name, data: "1" })
  expect(await socket.frame("error")).toMatchObject({ code: "bad_channel" })
  for (const one of [ann, socket]) one.socket.close()
}, 60_000)
