// A server whose Redis goes away and comes back, as publishers, listeners and load balancers see it.
import { expect, test } from "bun:test"
import { textOf } from "../support/heard.ts"
import { post, problemIn, publish } from "../support/publish.ts"
import { RedisProcess, until } from "../support/redis-servers.ts"
import { startServer } from "../support/server.ts"
import { listenBySse } from "../support/sse-stream.ts"

/** A guard against hanging. */
const deadlineMs = 60_000

test(
  "publishers are told when to come back, listeners stay, balancers are told to wait, and all goes on after",
  async () => {
    await using redis = await RedisProcess.start({
      config: { save: '""', appendonly: "yes", appendfsync: "always" },
    })
    const log: string[] = []
    await using server = await startServer({ engine: redis.url, logTo: (line) => void log.push(line) })
    const url = `${server.base}/away`
    await using stream = await listenBySse(url)
    await stream.position()
    await publish(url, "before")
    expect(textOf((await stream.messages(1))[0] as never)).toBe("before")
    const ready = async () => (await fetch(`${server.base}/_/ready`)).status

    await redis.kill()
    const refused = await post(url, "refused")
    expect(refused.status).toBe(503)
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0)
    expect((await problemIn(refused)).code).toBe("engine_unavailable")
    await until(async () => (await ready()) === 503, "the node to be unready")

    await redis.restart()
    await until(async () => (await ready()) === 200, "the node to be ready")
    await publish(url, "after")
    // The stream was never cut, and says itself that Redis may have lost something.
    await until(() => log.some((line) => line.includes("engine_recovered")), "the log")
    const kinds: string[] = []
    for (;;) {
      const heard = await stream.next()
      kinds.push(heard.kind)
      if (heard.kind === "message") break
    }
    expect(kinds).toEqual(["reset", "message"])
    expect(log.join("")).toContain("engine_trouble")
  },
  deadlineMs,
)

test("a server says at its start why it never can use its Redis", async () => {
  await using redis = await RedisProcess.start({ config: { save: '""', requirepass: "right" } })
  const start = startServer({ engine: `redis://:wrong@127.0.0.1:${redis.port}`, logTo: () => {} })
  await expect(start).rejects.toThrow("refuses this user or password")
})

test(
  "a server whose Redis is not there yet starts, is not ready, and is once it comes",
  async () => {
    await using redis = await RedisProcess.start({ config: { save: '""' } })
    await redis.kill()
    await using server = await startServer({ engine: redis.url, logTo: () => {} })
    expect((await fetch(`${server.base}/_/ready`)).status).toBe(503)
    expect((await fetch(`${server.base}/_/live`)).status).toBe(200)
    await redis.restart()
    await until(async () => (await fetch(`${server.base}/_/ready`)).status === 200, "the node to be ready")
    expect(await publish(`${server.base}/c`, "x")).toMatchObject({ duplicate: false })
  },
  deadlineMs,
)
