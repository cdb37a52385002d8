import { expect, test } from "bun:test"
import type { Phase } from "../../transports/transport.ts"
import { type ListenerEvent, nextPhase, phaseTable } from "./listener-phase.ts"

const phases = Object.keys(phaseTable) as Phase[]
const events = Object.keys(phaseTable.gone) as ListenerEvent[]

test("every phase has a cell for every event, and nothing else", () => {
  expect(phases).toEqual(["gone", "joining", "replaying", "live", "skipping"])
  for (const phase of phases) expect(Object.keys(phaseTable[phase])).toEqual(events)
})

test("the ways through a listener's life are these and no others", () => {
  const ways = phases.flatMap((from) =>
    events.flatMap((event) => {
      const to = nextPhase(from, event)
      return to === from ? [] : [`${from} -${event}-> ${to}`]
    }),
  )
  expect(ways).toEqual([
    "gone -join-> joining",
    "joining -behind-> replaying",
    "joining -at-head-> live",
    "joining -leave-> gone",
    "replaying -at-head-> live",
    "replaying -skip-> skipping",
    "replaying -leave-> gone",
    "live -pause-> replaying",
    "live -skip-> skipping",
    "live -leave-> gone",
    "skipping -behind-> replaying",
    "skipping -at-head-> live",
    "skipping -leave-> gone",
  ])
})

test("leaving is the way out of every phase, and out of it only joining leads back", () => {
  for (const phase of phases) expect(nextPhase(phase, "leave")).toBe("gone")
  for (const event of events.filter((one) => one !== "join")) expect(nextPhase("gone", event)).toBe("gone")
})
