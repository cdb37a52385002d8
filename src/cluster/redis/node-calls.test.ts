// How long a call waits for its answer, with the time and the other node in the test's hands.
import { expect, jest, test } from "bun:test"
import type { RedisClient } from "../../redis/redis-client.ts"
import type { RedisSubscriber } from "../../redis/redis-subscriptions.ts"
import type { NodeMethods } from "../nodes.ts"
import { NodeCalls } from "./node-calls.ts"

function open() {
  const sent: number[] = []
  let receive: (payload: Buffer) => void = () => {}
  const redis = {
    isCluster: false,
    key: (tag: string, name: string) => `${tag}:${name}`,
    subscribe: (_tag: string, _name: string, { received }: RedisSubscriber) => void (receive = received),
    unsubscribe: () => {},
    async command(_tag: string, _name: string, _key: string, message: string) {
      sent.push((JSON.parse(message) as { id: number }).id)
      return 1
    },
  } as unknown as RedisClient
  const calls = new NodeCalls({ redis, self: "a", methods: {} as NodeMethods, isAlive: async () => true })
  return {
    calls,
    refuse: (facts: Readonly<Record<string, unknown>>) =>
      receive(Buffer.from(JSON.stringify({ re: sent.at(-1), ...facts }))),
    answer: (number: number) =>
      receive(Buffer.from(JSON.stringify({ re: sent.at(number), answer: { listeners: 1 } }))),
    /** What becomes of a call; null while it waits. */
    call() {
      const seen: { now: string | null } = { now: null }
      calls.call("b", "listeners", { channel: "/c" }, 1000).then(
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

test("a node that does not answer keeps one call waiting, and those after it for a moment only", async () => {
  jest.useFakeTimers()
  try {
    const { call, answer } = open()
    const first = call()
    await pass(999)
    expect(first.now).toBeNull()
    await pass(1)
    expect(first.now).toBe("engine_unavailable")
    const second = call()
    await pass(20)
    expect(second.now).toBe("engine_unavailable")
    // Late, but it is there: the next call has its whole time again.
    answer(-1)
    const third = call()
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
  const { calls, refuse } = open()
  const asking = calls.call("b", "listeners", { channel: "/c" }, 60_000)
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
