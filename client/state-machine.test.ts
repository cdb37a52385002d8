import { expect, test } from "bun:test"
import { type Event, type State, transition, table } from "./state-machine.ts"

const states = Object.keys(table) as State[]
const events = Object.keys(table.idle) as Event[]

test("every state has a cell for every event, and leads to a state", () => {
  for (const state of states) {
    expect(Object.keys(table[state])).toEqual(events)
    for (const event of events) expect(states).toContain(transition(state, event)[0])
  }
})

test("a missing cell does not compile", () => {
  const { close, ...rest } = table.open
  // @ts-expect-error: `open` lacks the event `close`.
  const broken: typeof table = { ...table, open: rest }
  expect(broken.open.close).toBeUndefined()
  expect(close?.[0]).toBe("closed")
})

test("closing ends every state, and nothing leads out of closed", () => {
  for (const state of states) expect(transition(state, "close")[0]).toBe("closed")
  for (const event of events) expect(transition("closed", event)).toEqual(["closed"])
})

test("open is reached only by proof", () => {
  for (const state of states) {
    for (const event of events) {
      if (state !== "open" && transition(state, event)[0] === "open")
        expect([state, event]).toEqual(["connecting", "ready"])
    }
  }
})

test("waiting always has its timer, and only waiting has one", () => {
  for (const state of states) {
    for (const event of events) {
      const [to, ...actions] = transition(state, event)
      expect(actions.includes("wait")).toBe(to === "waiting" && state !== "waiting")
    }
  }
})
