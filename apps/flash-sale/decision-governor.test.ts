import { expect, test } from "bun:test"
import { DecisionGovernor } from "./decision-governor.ts"

/** Turns of 20 ms, each as late as said. */
function turns(effort: DecisionGovernor, lateness: readonly number[]): number[] {
  let now = 0
  return lateness.map((late) => effort.at((now += 20 + late), now - late))
}

test("makes as many decisions as fit while turns come in time", () => {
  expect(turns(new DecisionGovernor(), [0, 1, 15])).toEqual([1000, 1000, 1000])
})

test("makes fewer with each late turn, and never none", () => {
  expect(turns(new DecisionGovernor(), [20, 20, 20, 20])).toEqual([500, 400, 400, 400])
  expect(turns(new DecisionGovernor(), [16, 0, 16, 16]).every((decisions) => decisions >= 200)).toBe(true)
})

test("the later turns are, the more each must decide: a crowd that never ends waits no longer for it", () => {
  const [, , third] = turns(new DecisionGovernor(), [60, 60, 60])
  expect(third).toBe(800)
  expect(turns(new DecisionGovernor(), [500, 500])).toEqual([500, 1000])
})

test("regains its strength when turns come in time again", () => {
  const decisions = turns(new DecisionGovernor(), [20, 20, 0, 0, 0, 0, 0, 0, 0])
  expect(decisions).toEqual([500, 400, 500, 600, 700, 800, 900, 1000, 1000])
})

test("makes fewer while the front is late, however early its own turns are", () => {
  const effort = new DecisionGovernor()
  let now = 0
  const turn = (): number => effort.at((now += 20), now)
  expect(turn()).toBe(1000)
  effort.hurry(now)
  expect([turn(), turn(), turn(), turn()]).toEqual([500, 250, 200, 200])
  expect([turn(), turn()]).toEqual([300, 400])
})
