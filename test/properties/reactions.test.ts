// Reactions against crashes at any time: whatever fails, however many are under way, wherever it is killed, each message is
// done or set aside at least once, and one at a time they are so in order.
import { expect, test } from "bun:test"
import fc from "fast-check"
import type { Message } from "../../client/channels/message.ts"
import { ReactionRunner } from "../../src/reactions/reaction-runner.ts"
import { createFakeClock } from "../support/fake-clock.ts"

const messageOf = (number: number): Message => ({
  channel: "/c",
  cursor: String(number),
  id: String(number),
  time: 0,
  type: "text/plain",
  data: "x",
  text: "x",
})

const saveMs = 40

interface Course {
  readonly count: number
  readonly atOnce: number
  /** For each message, how often it fails; 3 tries are made. */
  readonly failures: readonly number[]
  /** For each message, how long a try takes, in ms. */
  readonly takes: readonly number[]
  /** After how many ms each life ends. What it had not saved by then is gone. */
  readonly lives: readonly number[]
}

/** All lives of a reaction: the numbers that were done or set aside in each, in order. */
async function run({ count, atOnce, failures, takes, lives }: Course): Promise<number[][]> {
  let place = 0
  const failuresLeft = [...failures]
  const all: number[][] = []
  // The last life is as long as it takes.
  for (const lifeMs of [...lives, 10_000_000]) {
    const clock = createFakeClock()
    const settled: number[] = []
    let isAlive = true
    const settle = (id: string): void => {
      if (isAlive) settled.push(Number(id))
    }
    const runner = new ReactionRunner({
      atOnce,
      tries: 3,
      timeoutMs: 1_000_000,
      clock,
      random: () => 0.5,
      onFailure: () => {},
      place: {
        // A disk takes its time: a crash may come between what was done and its place.
        async save(cursor) {
          await new Promise<void>((resolve) => clock.after(saveMs, resolve))
          if (isAlive) place = Math.max(place, Number(cursor))
        },
      },
      aside: { put: async ({ message }) => settle(message.id) },
      async reaction({ id }) {
        const index = Number(id) - 1
        await new Promise<void>((resolve) => clock.after(takes[index] ?? 0, resolve))
        if ((failuresLeft[index] ?? 0) > 0) {
          if (isAlive) failuresLeft[index] = (failuresLeft[index] ?? 0) - 1
          throw new Error("no")
        }
        settle(id)
      },
    })
    const feed = async (): Promise<void> => {
      for (let number = place + 1; number <= count && isAlive; number++) await runner.take(messageOf(number))
    }
    void feed()
    await clock.pass(lifeMs)
    isAlive = false
    all.push(settled)
  }
  expect(place).toBe(count)
  return all
}

const course = fc.integer({ min: 1, max: 12 }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    atOnce: fc.constantFrom(1, 1, 2, 5),
    failures: fc.array(fc.constantFrom(0, 0, 0, 1, 3, 7), { minLength: count, maxLength: count }),
    takes: fc.array(fc.integer({ min: 0, max: 300 }), { minLength: count, maxLength: count }),
    lives: fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 4 }),
  }),
)

test("every message is done or set aside, wherever it is killed, and one at a time in order", async () => {
  await fc.assert(
    fc.asyncProperty(course, async (given) => {
      const lives = await run(given)
      const everything = lives.flat()
      for (let number = 1; number <= given.count; number++) expect(everything).toContain(number)
      if (given.atOnce > 1) return
      for (const life of lives) expect(life).toEqual([...life].sort((a, b) => a - b))
      // The next life begins where the last one ended, or a little before: with what was done and not saved.
      let done = 0
      for (const life of lives) {
        if (life.length === 0) continue
        expect(life[0] as number).toBeLessThanOrEqual(done + 1)
        done = Math.max(done, life.at(-1) as number)
      }
    }),
    { numRuns: 150 },
  )
})
