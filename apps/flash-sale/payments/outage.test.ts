import { expect, test } from "bun:test"
import { Outage } from "./outage.ts"

function stage() {
  let now = 0
  const outage = new Outage({ clock: () => now })
  let trades = 0
  const ask = (wasThere: boolean, about = `s.${++trades}`): void => outage.begin(about)(wasThere)
  return { outage, ask, pass: (ms: number) => (now += ms) }
}

test("a failure now and then is no outage", () => {
  const { outage, ask } = stage()
  for (let round = 0; round < 10; round++) {
    ask(false)
    ask(false)
    ask(true)
  }
  expect(outage.mayAsk).toBe(true)
})

test("one trade that fails and fails is no outage", () => {
  const { outage, ask } = stage()
  for (let time = 0; time < 10; time++) ask(false, "s.1")
  ask(false, "s.2")
  expect(outage.mayAsk).toBe(true)
})

test("after failures with three trades in a row one question a while goes through, until it is answered", () => {
  const { outage, ask, pass } = stage()
  for (let time = 0; time < 3; time++) ask(false)
  expect(outage.isAway).toBe(true)
  expect(outage.mayAsk).toBe(false)
  pass(1000)
  expect(outage.mayAsk).toBe(true)
  const probe = outage.begin("s.0")
  pass(60_000)
  // It hangs: no second one goes out.
  expect(outage.mayAsk).toBe(false)
  probe(false)
  expect(outage.mayAsk).toBe(false)
  pass(1000)
  ask(true)
  expect(outage.isAway).toBe(false)
  expect(outage.mayAsk).toBe(true)
})

test("an answer to a question from before the outage ends it", () => {
  const { outage, ask } = stage()
  const slow = outage.begin("s.0")
  for (let time = 0; time < 3; time++) ask(false)
  slow(true)
  expect(outage.mayAsk).toBe(true)
})
