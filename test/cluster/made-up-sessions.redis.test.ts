// Commands for sessions whose ids somebody has made up: they are refused before they cost the nodes' Redis anything.
import { expect, test } from "bun:test"
import { openCluster } from "./stage.ts"
import type { Stage } from "../backend-api/stage.ts"
import type { ServerFrame } from "../../wire/frames.ts"
import type { RedisProcess } from "../support/redis-servers.ts"

/** Most of what one POST may hold. */
const commands = [{ op: "publish", channel: "/c", data: "x".repeat(500_000) }]

async function bytesInto(redis: RedisProcess): Promise<number> {
  return Number(/total_net_input_bytes:(\d+)/.exec(String(await redis.command("INFO", "stats")))?.[1])
}

test("[K1] large commands for a session that never was are not passed on to the node that it names", async () => {
  await using cluster = await openCluster(2)
  const [a, b] = cluster.nodes as [Stage, Stage]
  const { frames } = await a.json<{ frames: ServerFrame[] }>(201, "POST", "/_/session")
  if (frames[0]?.op !== "hello") throw new Error("no hello")
  const id = frames[0].connection
  const madeUp = `${id.slice(0, -16)}${"A".repeat(16)}`
  const before = await bytesInto(cluster.redis)
  for (let time = 0; time < 8; time++)
    expect((await b.refusal("POST", `/_/session/${madeUp}`, commands)).code).toBe("gone")
  expect((await bytesInto(cluster.redis)) - before).toBeLessThan(500_000)
  // Those for one that is there are.
  expect((await b.call("POST", `/_/session/${id}`, commands)).status).toBe(202)
  expect((await bytesInto(cluster.redis)) - before).toBeGreaterThan(500_000)
}, 60_000)
