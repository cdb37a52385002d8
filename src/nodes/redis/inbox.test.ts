// How long a question waits for its answer, with the time and the other node in the test's hands.
import { expect, jest, test } from "bun:test"
import type { Link } from "../../engines/redis/link.ts"
import type { Orders } from "../nodes.ts"
import { Inbox } from "./inbox.ts"

function open() {
  const asked: number[] = []
  let hear: (payload: Buffer) => void = () => {}
  const link = {
    isCluster: false,
    key: (tag: string, name: string) => `${tag}:${name}`,
    listen: (_tag: string, _name: string, ear: { heard(payload: Buffer): void }) => void (hear = ear.heard),
    unlisten: () => {},
    async command(_tag: string, _name: string, _key: string, letter: string) {
      asked.push((JSON.parse(letter) as { id: number }).id)
      return 1
    },
  } as unknown as Link
  const inbox = new Inbox({ link, self: "a", orders: {} as Orders, isAlive: async () => true })
  return {
    inbox,
    refuse: (facts: Readonly<Record<string, unknown>>) =>
      hear(Buffer.from(JSON.stringify({ re: asked.at(-1), ...facts }))),
    answer: (number: number) =>
      hear(Buffer.from(JSON.stringify({ re: asked.at(number), answer: { listeners: 1 } }))),
    /** What becomes of a question; null while it waits. */
    ask() {
      const seen: { now: string | null } = { now: null }
      inbox.ask("b", "listeners", { channel: "/c" }, 1000).then(
        () => (seen.now = "answered"),
        (error: { code: string }) => (seen.now = error.code),
      )
      return seen
    },
  }
}

const turn = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await Promise.resolve()
}

const pass = async (ms: number): Promise<void> => {
  await turn()
  jest.advanceTimersByTime(ms)
  await turn()
}

test("a node that does not answer keeps one question waiting, and those after it for a moment only", async () => {
  jest.useFakeTimers()
  try {
    const { ask, answer } = open()
    const first = ask()
    await pass(999)
    expect(first.now).toBeNull()
    await pass(1)
    expect(first.now).toBe("engine_unavailable")
    const second = ask()
    await pass(20)
    expect(second.now).toBe("engine_unavailable")
    // Late, but it is there: what is asked next has its whole time again.
    answer(-1)
    const third = ask()
    await pass(500)
    expect(third.now).toBeNull()
    answer(-1)
    await turn()
    expect(third.now).toBe("answered")
  } finally {
    jest.useRealTimers()
  }
})

test("a refusal of another node comes with all that it says: when to come back, and which bound was met", async () => {
  const { inbox, refuse } = open()
  const asking = inbox.ask("b", "listeners", { channel: "/c" }, 60_000)
  await turn()
  refuse({
    code: "too_many_requests",
    detail: "Slower.",
    retryAfterSeconds: 3,
    limit: "publishesPerKeyPerSecond",
  })
  await expect(asking).rejects.toMatchObject({
    code: "too_many_requests",
    detail: "Slower.",
    retryAfterSeconds: 3,
    limit: "publishesPerKeyPerSecond",
  })
})
