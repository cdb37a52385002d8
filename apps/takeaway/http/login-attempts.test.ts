import { expect, test } from "bun:test"
import { LoginAttempts } from "./login-attempts.ts"

function attempts() {
  let now = 1_000_000
  const made = new LoginAttempts(() => now)
  return {
    attempts: made,
    pass(ms: number) {
      now += ms
    },
    fail(times: number, shop = "shop1", address = "::1") {
      for (let time = 0; time < times; time++) made.begin(shop, address)
    },
  }
}

test("five failures in a minute make one wait for the rest of it", () => {
  const { attempts: made, fail, pass } = attempts()
  fail(4)
  expect(made.waitSeconds("shop1", "::1")).toBe(0)
  pass(20_000)
  fail(1)
  expect(made.waitSeconds("shop1", "::1")).toBe(40)
  pass(40_000)
  expect(made.waitSeconds("shop1", "::1")).toBe(0)
})

test("only who failed waits, and only at that shop", () => {
  const { attempts: made, fail } = attempts()
  fail(9)
  expect(made.waitSeconds("shop1", "::2")).toBe(0)
  expect(made.waitSeconds("shop2", "::1")).toBe(0)
})

test("a success wipes the slate, and old failures do not count", () => {
  const { attempts: made, fail, pass } = attempts()
  fail(4)
  made.succeeded("shop1", "::1")
  fail(4)
  expect(made.waitSeconds("shop1", "::1")).toBe(0)
  pass(60_001)
  fail(4)
  expect(made.waitSeconds("shop1", "::1")).toBe(0)
})

test("remembers a bounded number of them, the newest", () => {
  const { attempts: made, fail } = attempts()
  fail(5, "shop1", "first")
  for (let at = 0; at < 10_000; at++) made.begin("shop1", `address ${at}`)
  expect(made.waitSeconds("shop1", "first")).toBe(0)
})
