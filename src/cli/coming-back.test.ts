import { describe, expect, test } from "bun:test"
import type { Address } from "./address.ts"
import { listenAndComeBack, waitMsAfter } from "./coming-back.ts"
import type { Ear, Ended } from "./listening.ts"

const address: Address = { server: "http://here", channel: "/c" }
const lost: Ended = { why: "the connection was lost", retry: "back-off" }
const slow: Ended = { why: "slow: too slow", retry: "at-once" }
const refused: Ended = { why: "forbidden: not you", retry: "stay-away" }

/** Plays one scene a connection; what is asked for, waited and said is written down. */
async function play(scenes: ((ear: Ear) => Ended)[], after: string | null = null) {
  const asked: (string | null)[] = []
  const waits: number[] = []
  const notices: string[] = []
  const ended = listenAndComeBack({
    listenOnce: async (_, cursor, ear) => {
      asked.push(cursor)
      return (scenes.shift() ?? (() => refused))(ear)
    },
    address,
    after,
    ear: { opened() {}, heard() {}, reset() {} },
    notice: (text) => notices.push(text),
    sleep: async (ms) => void waits.push(ms),
  })
  await expect(ended).rejects.toThrow(refused.why)
  return { asked, waits, notices }
}

const message = (cursor: string) => ({ channel: "/c", cursor, data: "x", json: {} })

describe("coming back", () => {
  test("resumes from the last cursor that was seen, of whatever it was", async () => {
    const { asked } = await play(
      [
        (ear) => (ear.opened("a-1"), lost),
        (ear) => (ear.opened("a-1"), ear.heard(message("a-2")), lost),
        (ear) => (ear.reset("b-7", "epoch"), lost),
      ],
      "a-0",
    )
    expect(asked).toEqual(["a-0", "a-1", "a-2", "b-7"])
  })

  test("waits after back-off, and after at-once only when coming back at once failed", async () => {
    expect((await play([() => lost])).waits).toHaveLength(1)
    expect((await play([() => slow])).waits).toHaveLength(0)
    expect((await play([() => slow, () => slow])).waits).toHaveLength(1)
    expect((await play([() => slow, (ear) => (ear.opened("a-1"), slow)])).waits).toHaveLength(0)
  })

  test("waits at least as long as the server asked for", async () => {
    expect((await play([() => ({ ...lost, waitMs: 60_000 })])).waits).toEqual([60_000])
  })

  test("says once that the connection is lost, and once that it is back", async () => {
    const { notices } = await play([() => lost, () => lost, (ear) => (ear.opened("a-1"), lost)])
    expect(notices).toEqual([
      "the connection was lost; coming back",
      "connected again",
      "the connection was lost; coming back",
    ])
  })

  test("waits between half a second and a bound that doubles up to 20 seconds", () => {
    expect(waitMsAfter(1, () => 0)).toBe(500)
    expect(waitMsAfter(1, () => 1)).toBe(1000)
    expect(waitMsAfter(3, () => 1)).toBe(4000)
    expect(waitMsAfter(99, () => 1)).toBe(20_000)
  })
})
