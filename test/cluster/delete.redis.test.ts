// A channel that is deleted on one node, and those who listen to it on the others.
import { expect, test } from "bun:test"
import type { Stage } from "../backend-api/stage.ts"
import { listenAs, openCluster, until } from "./stage.ts"

test("[P7] whoever listens to a deleted channel is sent away on every node, and counted", async () => {
  await using cluster = await openCluster(3)
  const [a, b, c] = cluster.nodes as [Stage, Stage, Stage]
  const listeners = [
    await listenAs(a.base, "ann", "/c"),
    await listenAs(b.base, "bob", "/c"),
    await listenAs(b.base, "bea", "/c"),
  ]
  const other = await listenAs(b.base, "eve", "/other")
  await a.json(201, "POST", "/c", { data: 1 })
  for (const one of listeners) await one.frame("message")
  expect(await a.json<object>(200, "DELETE", "/c")).toEqual({
    channel: "/c",
    listeners: 1,
    clusterListeners: 3,
    messages: 1,
  })
  for (const one of listeners)
    expect(await one.frame("error")).toMatchObject({ channel: "/c", code: "deleted" })
  for (const { frames } of listeners) expect(frames.seen.some(({ op }) => op === "reset")).toBe(false)
  // It begins anew, there too; and nobody is listened for in vain.
  const again = await listenAs(b.base, "bob", "/c")
  await c.json(201, "POST", "/c", { data: 2 })
  expect(await again.frame("message")).toMatchObject({ data: { data: 2 } })
  expect((await b.call("HEAD", "/c")).headers.get("laba-listeners")).toBe("1")
  again.send({ op: "unsubscribe", ref: 9, channel: "/c" })
  await until(async () => Number(await cluster.redis.command("PUBLISH", "laba:{0}:at:/c", "x")) === 0)
  for (const { socket } of [...listeners, other, again]) socket.close()
}, 60_000)
