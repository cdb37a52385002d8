// A node is killed while it tells an alarm: another tells it, and nobody tells it again.
import { expect, test } from "bun:test"
import type { Alarm } from "../../src/silence/silence.ts"
import { NodeProcess } from "../cluster/node-process.ts"
import { Inbox } from "../support/inbox.ts"
import { publish } from "../support/publish.ts"
import { RedisProcess } from "../support/redis-servers.ts"

interface Heard {
  /** Which node told it. */
  readonly by: string
  readonly alarm: Alarm
}

/** Somebody who is to be told: the first time it says nothing, and whoever tells waits. */
function startRecipient() {
  const inbox = new Inbox<Heard>("alarms")
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const isFirst = inbox.seen.length === 0
      inbox.push({ by: new URL(request.url).pathname.slice(1), alarm: (await request.json()) as Alarm })
      if (isFirst) await new Promise((resolve) => request.signal.addEventListener("abort", resolve))
      return new Response(null, { status: 204 })
    },
  })
  return {
    inbox,
    url: `http://127.0.0.1:${server.port}/`,
    [Symbol.dispose]: () => void server.stop(true),
  }
}

test("an alarm is told once by those who live, when the node that told it was killed before it was heard", async () => {
  await using redis = await RedisProcess.start()
  using recipient = startRecipient()
  const names = ["a", "b", "c"]
  const nodes = new Map(
    await Promise.all(
      names.map(
        async (name) =>
          [
            name,
            await NodeProcess.start({
              engine: redis.url,
              listen: { port: 0 },
              node: { name, lease: "2s" },
              watch: [
                {
                  channel: "/heart",
                  every: "200ms",
                  silent: "1s",
                  tell: [{ webhook: recipient.url + name }],
                },
              ],
            }),
          ] as const,
      ),
    ),
  )
  try {
    const { inbox } = recipient
    await publish(`${nodes.get("a")?.base}/heart`, "beat")
    const first = await inbox.next(30_000)
    expect(first.alarm).toMatchObject({ alarm: "silent", channel: "/heart" })
    await nodes.get(first.by)?.kill()
    const second = await inbox.next(30_000)
    expect(second.by).not.toBe(first.by)
    expect(second.alarm).toMatchObject({ alarm: "silent", channel: "/heart", last: first.alarm.last })
    await publish(`${nodes.get(second.by)?.base}/heart`, "beat")
    // What each node has noticed it tells in order: with this told, nobody has the silence left to tell.
    expect((await inbox.next(30_000)).alarm).toMatchObject({ alarm: "back", channel: "/heart" })
    expect((await inbox.next(30_000)).alarm).toMatchObject({ alarm: "silent" })
    const told = inbox.seen.map(({ alarm }) => `${alarm.alarm} ${alarm.last}`)
    expect(new Set(told).size).toBe(told.length - 1)
    expect(told.slice(0, 3)).toEqual([
      `silent ${first.alarm.last}`,
      `silent ${first.alarm.last}`,
      `back ${first.alarm.last}`,
    ])
  } finally {
    await Promise.all([...nodes.values()].map((node) => node.kill()))
  }
}, 90_000)
