import { describe, expect, test } from "bun:test"
import { createFakeClock, turn } from "../../test/support/fake-clock.ts"
import type { Message } from "../../client/channels/message.ts"
import { RetryLater } from "./cloud-event.ts"
import { Progress } from "./progress.ts"
import { NeverAgain, type Reaction, type SetAside } from "./reaction.ts"
import { type Failed, ReactionRunner, type ReactionRunnerOptions } from "./reaction-runner.ts"

const message = (number: number): Message => ({
  channel: "/c",
  cursor: `e-${number}`,
  id: String(number),
  time: 0,
  type: "text/plain",
  data: String(number),
  text: String(number),
})

function stage(reaction: Reaction, options: Partial<ReactionRunnerOptions> = {}) {
  const clock = createFakeClock()
  const places: string[] = []
  const aside: SetAside[] = []
  const failures: (Failed & { readonly id: string })[] = []
  const runner = new ReactionRunner({
    reaction,
    place: { save: async (cursor) => void places.push(cursor) },
    aside: { put: async (entry) => void aside.push(entry) },
    atOnce: 1,
    tries: 3,
    timeoutMs: 60_000,
    clock,
    random: () => 1,
    onFailure: ({ id }, failure) => failures.push({ id, ...failure }),
    ...options,
  })
  const feed = async (count: number): Promise<void> => {
    for (let number = 1; number <= count; number++) await runner.take(message(number))
  }
  return { clock, places, aside, failures, runner, feed }
}

/** Reactions that end when a test says so. */
function byHand() {
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  const reaction: Reaction = ({ id }) => {
    begun.push(id)
    return new Promise((resolve) => ends.set(id, resolve))
  }
  const end = async (id: number): Promise<void> => {
    ends.get(String(id))?.()
    await turn()
  }
  return { begun, reaction, end }
}

describe("reacting one at a time", () => {
  test("keeps the order, and saves the place behind each", async () => {
    const seen: string[] = []
    const { places, runner, feed } = stage(async ({ id }) => {
      await turn()
      seen.push(id)
    })
    await feed(5)
    await runner.stop(0)
    expect(seen).toEqual(["1", "2", "3", "4", "5"])
    expect(places).toEqual(["e-1", "e-2", "e-3", "e-4", "e-5"])
  })

  test("tries a failing message again, longer apart, with nothing overtaking it", async () => {
    const seen: string[] = []
    let failuresLeft = 2
    const { clock, places, failures, runner, feed } = stage(async ({ id }, { number }) => {
      seen.push(`${id}.${number}`)
      if (id === "2" && failuresLeft-- > 0) throw new Error("no")
    })
    const fed = feed(3)
    await clock.pass(900)
    expect(seen).toEqual(["1.1", "2.1"])
    await clock.pass(3_000)
    await fed
    await runner.stop(0)
    expect(seen).toEqual(["1.1", "2.1", "2.2", "2.3", "3.1"])
    expect(failures.map(({ id, waitMs }) => [id, waitMs])).toEqual([
      ["2", 1_000],
      ["2", 2_000],
    ])
    expect(places).toEqual(["e-1", "e-2", "e-3"])
  })

  test("sets aside with its reason what fails to the last, and goes on", async () => {
    const { clock, places, aside, runner, feed } = stage(async ({ id }) => {
      if (id === "1") throw new Error("ended with 3: no such order")
    })
    const fed = feed(2)
    await clock.pass(10_000)
    await fed
    await runner.stop(0)
    expect(aside).toMatchObject([
      { message: { id: "1" }, reason: "ended with 3: no such order", attempts: 3 },
    ])
    expect(places).toEqual(["e-1", "e-2"])
  })

  test("sets aside at once what will never do, and waits as long as it is asked to", async () => {
    const { clock, aside, failures, runner, feed } = stage(async ({ id }, { number }) => {
      if (id === "1") throw new NeverAgain("answered 422")
      if (number === 1) throw new RetryLater("answered 429", 20_000)
    })
    const fed = feed(2)
    await clock.pass(19_000)
    expect(aside).toMatchObject([{ attempts: 1, reason: "answered 422" }])
    expect(failures.at(-1)).toMatchObject({ id: "2", waitMs: 20_000 })
    await clock.pass(2_000)
    await fed
    await runner.stop(0)
    expect(aside).toHaveLength(1)
  })

  test("goes no further when a message cannot be set aside, and says so: the place stays before it", async () => {
    const { places, runner, feed } = stage(
      async ({ id }) => {
        if (id === "2") throw new NeverAgain("no")
      },
      { aside: { put: () => Promise.reject(new Error("the disk is full")) } },
    )
    void feed(2)
    expect(runner.failed).rejects.toThrow("the disk is full")
    await turn()
    await runner.stop(0)
    expect(places).toEqual(["e-1"])
  })
})

describe("reacting several at once", () => {
  test("never begins more than so many", async () => {
    const { begun, reaction, end } = byHand()
    const { runner, feed } = stage(reaction, { atOnce: 3 })
    const fed = feed(5)
    await turn()
    expect(begun).toEqual(["1", "2", "3"])
    await end(2)
    expect(begun).toEqual(["1", "2", "3", "4"])
    for (const id of [1, 3, 4, 5]) await end(id)
    await fed
    await runner.stop(0)
  })

  test("moves the place only past what is done without a gap", async () => {
    const { reaction, end } = byHand()
    const { places, runner, feed } = stage(reaction, { atOnce: 3 })
    const fed = feed(5)
    await turn()
    await end(2)
    await end(3)
    expect(places).toEqual([])
    await end(1)
    expect(places).toEqual(["e-3"])
    await end(5)
    expect(places).toEqual(["e-3"])
    await end(4)
    expect(places).toEqual(["e-3", "e-5"])
    await fed
    await runner.stop(0)
  })

  test("lets the others go on while one is tried again", async () => {
    const seen: string[] = []
    const { clock, places, runner, feed } = stage(
      async ({ id }, { number }) => {
        if (id === "1" && number < 3) throw new Error("no")
        seen.push(id)
      },
      { atOnce: 2 },
    )
    const fed = feed(4)
    await clock.pass(500)
    expect(seen).toEqual(["2", "3", "4"])
    expect(places).toEqual([])
    await clock.pass(3_000)
    await fed
    await runner.stop(0)
    expect(places).toEqual(["e-4"])
  })
})

describe("stopping", () => {
  test("lets what is under way end, and saves the place behind it", async () => {
    const { reaction, end } = byHand()
    const { places, runner } = stage(reaction)
    void runner.take(message(1))
    await turn()
    const stopped = runner.stop(5_000)
    await end(1)
    await stopped
    expect(places).toEqual(["e-1"])
  })

  test("ends what does not end in time, and leaves its message to be done again", async () => {
    const { clock, places, aside, runner } = stage(
      (_, { signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("ended")))),
    )
    void runner.take(message(1))
    await turn()
    const stopped = runner.stop(5_000)
    await clock.pass(5_100)
    await stopped
    expect([places, aside]).toEqual([[], []])
  })

  test("does not wait for the next try", async () => {
    const { places, aside, runner } = stage(() => Promise.reject(new Error("no")))
    void runner.take(message(1))
    await turn()
    await runner.stop(5_000)
    expect([places, aside]).toEqual([[], []])
  })
})

test("a place moves past a gap only when it is filled", () => {
  const progress = new Progress()
  const [one, two, three] = ["a", "b", "c"].map((cursor) => progress.take(cursor)) as [
    () => string | null,
    () => string | null,
    () => string | null,
  ]
  expect(three()).toBeNull()
  expect(one()).toBe("a")
  expect(progress.open).toBe(2)
  expect(two()).toBe("c")
  expect(progress.open).toBe(0)
})
