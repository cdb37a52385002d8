import { describe, expect, test } from "bun:test"
import { type Act, type BillState, hasEnded, isKitchenAct, liveStates, stepFrom, steps } from "./bill.ts"

const states: readonly BillState[] = [...liveStates, "handed", "refused", "cancelled"]
const acts = Object.keys(steps) as Act[]

describe("a bill", () => {
  test("goes from placed to handed over in order", () => {
    let state: BillState = "placed"
    for (const act of ["see", "accept", "cook", "hand"] as const) state = stepFrom(state, act) as BillState
    expect(state).toBe("handed")
  })

  test("may be accepted without being looked at first, but not cooked or handed over", () => {
    expect(stepFrom("placed", "accept")).toBe("accepted")
    expect(stepFrom("placed", "cook")).toBe("not_now")
    expect(stepFrom("accepted", "hand")).toBe("not_now")
  })

  test("that has ended does not change, whatever is asked", () => {
    for (const state of states.filter(hasEnded))
      for (const act of acts) expect(["already", "not_now"]).toContain(stepFrom(state, act))
  })

  test("never goes back to an earlier state", () => {
    for (const state of states) {
      for (const act of acts) {
        const next = stepFrom(state, act)
        if (next === "already" || next === "not_now") continue
        expect(states.indexOf(next)).toBeGreaterThan(states.indexOf(state))
      }
    }
  })

  test("can be cancelled by the customer only while nobody works on it", () => {
    expect(states.filter((state) => stepFrom(state, "cancel") === "cancelled")).toEqual(["placed", "seen"])
  })

  test("lapses in every state in which somebody waits for it", () => {
    for (const state of liveStates) expect(stepFrom(state, "lapse")).toBe("refused")
  })

  test("is the kitchen's to act on, except for what is the customer's or the clock's", () => {
    expect(acts.filter(isKitchenAct)).toEqual(["see", "accept", "cook", "hand", "refuse"])
    expect(isKitchenAct("toString")).toBe(false)
  })
})
