// One node among those that listen to channels, with the store that they share in the test's hands.
import { expect, jest, test } from "bun:test"
import { memoryStore } from "./memory-store.ts"
import { Occupancy, vacantMs } from "./occupancy.ts"
import type { HookNotification, ListeningNodes } from "../remote.ts"

/** Who listens to each channel, by the ids of their wills, as all nodes see it. */
class Listened implements ListeningNodes {
  readonly by = new Map<string, Set<string>>()
  isAway = false

  async enter(will: HookNotification) {
    const members = this.of(will)
    const is = members.size === 0 ? ("first" as const) : ("among" as const)
    members.add(will.id)
    return { is, time: 7 }
  }

  async leave(will: HookNotification) {
    const members = this.of(will)
    if (!members.delete(will.id)) return { is: "unknown" as const, time: 8 }
    return { is: members.size === 0 ? ("last" as const) : ("among" as const), time: 8 }
  }

  private of({ event }: HookNotification): Set<string> {
    if (this.isAway) throw new Error("away")
    const channel = event.channel ?? ""
    const members = this.by.get(channel) ?? new Set()
    this.by.set(channel, members)
    return members
  }
}

function node(name: string, listeningNodes: Listened, said: string[]): Occupancy {
  return new Occupancy({
    node: name,
    store: { ...memoryStore, listeningNodes },
    hookOf: () => ({ name: "desk", tells: ["occupied", "vacated"] }),
    notify: ({ id, time }) => void said.push(`${id} ${time}`),
    now: () => 0,
  })
}

const pass = async (ms: number): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve()
  jest.advanceTimersByTime(ms)
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

/** Runs with the clock in hand. */
async function timed(run: (listened: Listened, said: string[]) => Promise<void>): Promise<void> {
  jest.useFakeTimers()
  try {
    await run(new Listened(), [])
  } finally {
    jest.useRealTimers()
  }
}

test("the first of two nodes tells that a channel is occupied, the last that it is vacated", () =>
  timed(async (listened, said) => {
    const [a, b] = [node("a", listened, said), node("b", listened, said)]
    a.occupied("/c")
    await pass(0)
    b.occupied("/c")
    await pass(0)
    a.vacated("/c")
    await pass(vacantMs)
    expect(said).toEqual(["a/occupied/1 7"])
    b.vacated("/c")
    await pass(vacantMs)
    expect(said).toEqual(["a/occupied/1 7", "b/vacated/1 8"])
  }))

test("what the store has not taken is tried again, and told once", () =>
  timed(async (listened, said) => {
    const a = node("a", listened, said)
    listened.isAway = true
    a.occupied("/c")
    await pass(3000)
    listened.isAway = false
    await pass(1000)
    listened.isAway = true
    a.vacated("/c")
    await pass(vacantMs + 2000)
    listened.isAway = false
    await pass(1000)
    expect(said).toEqual(["a/occupied/1 7", "a/vacated/1 8"])
  }))

test("who leaves and is not known to have come gives the others time to be known", () =>
  timed(async (listened, said) => {
    const [a, b] = [node("a", listened, said), node("b", listened, said)]
    a.occupied("/c")
    await pass(0)
    b.occupied("/c")
    await pass(0)
    listened.by.clear()
    a.vacated("/c")
    await pass(vacantMs)
    // As it does when it is told that everything was forgotten.
    for (const will of b.wills()) await listened.enter(will)
    await pass(vacantMs)
    expect(said).toEqual(["a/occupied/1 7"])
    b.vacated("/c")
    await pass(vacantMs)
    expect(said).toEqual(["a/occupied/1 7", "b/vacated/1 8"])
  }))

test("a node that was taken for dead comes anew, and another has left for it", () =>
  timed(async (listened, said) => {
    const [a, b] = [node("a", listened, said), node("b", listened, said)]
    a.occupied("/c")
    await pass(0)
    for (const will of [...a.wills()]) b.inherit(will)
    await pass(0)
    expect(said).toEqual(["a/occupied/1 7", "a/vacated/1 8"])
    a.leaseLost(new Set())
    await pass(0)
    expect(said).toEqual(["a/occupied/1 7", "a/vacated/1 8", "a/occupied/2 7"])
    a.vacated("/c")
    await pass(vacantMs)
    expect(said.at(-1)).toBe("a/vacated/2 8")
  }))
