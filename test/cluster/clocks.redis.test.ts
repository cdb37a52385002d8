// Nodes whose clocks are wrong, over one Redis: what a clock judges was told by the same clock.
import { expect, test } from "bun:test"
import type { Stage } from "../backend-api/stage.ts"
import { NodeProcess } from "./node-process.ts"
import { openCluster } from "./stage.ts"

const minuteMs = 60_000

interface Page {
  readonly reset: string | null
  readonly messages: readonly { readonly data: unknown; readonly time: number }[]
}

test.each([
  ["behind", -2 * minuteMs],
  ["ahead", 2 * minuteMs],
])(
  "[K8] a message from a node two minutes %s ages nobody's history, and has the time of the others",
  async (_, clockShiftMs) => {
    const channels = { "/**": { history: { count: 100, time: "1m" } } } as const
    await using cluster = await openCluster(1, { channels })
    const [right] = cluster.nodes as [Stage]
    await using wrong = await NodeProcess.start(
      { engine: cluster.redis.url, channels, listen: { port: 0 } },
      { clockShiftMs },
    )
    const publish = async (base: string, data: string): Promise<string> => {
      const answer = await fetch(`${base}/c`, { method: "POST", body: data })
      expect(answer.status).toBe(201)
      return ((await answer.json()) as { cursor: string }).cursor
    }
    const start = await publish(right.base, "start")
    await publish(right.base, "one")
    await publish(wrong.base, "two")
    await publish(right.base, "three")
    for (const base of [right.base, wrong.base]) {
      const page = (await (await fetch(`${base}/c?after=${start}`)).json()) as Page
      expect(page.reset).toBeNull()
      expect(page.messages.map(({ data }) => data)).toEqual(["one", "two", "three"])
      const times = page.messages.map(({ time }) => time)
      expect(Math.max(...times) - Math.min(...times)).toBeLessThan(minuteMs)
    }
  },
  60_000,
)
