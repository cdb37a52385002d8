import { expect, test } from "bun:test"
import { CircuitBreaker, failuresMax, longestWaitMs } from "./circuit-breaker.ts"
import { ConcurrencyLimiter } from "./concurrency-limiter.ts"

test("a circuit opens after so many failures in a row, lets one try, and closes when that went well", () => {
  let nowMs = 0
  const circuit = new CircuitBreaker({ now: () => nowMs, chance: () => 0.5 })
  for (let i = 1; i < failuresMax; i++) expect(circuit.recordFailure()).toBe(false)
  circuit.recordSuccess()
  for (let i = 1; i < failuresMax; i++) circuit.recordFailure()
  expect([circuit.state, circuit.admit()]).toEqual(["closed", true])
  expect(circuit.recordFailure()).toBe(true)
  expect([circuit.state, circuit.admit(), circuit.msUntilTry]).toEqual(["open", false, 1000])
  // What was under way when it opened changes nothing.
  expect(circuit.recordFailure()).toBe(false)
  nowMs = 1000
  expect(circuit.state).toBe("half-open")
  expect([circuit.admit(), circuit.admit()]).toEqual([true, false])
  circuit.recordSuccess()
  expect([circuit.state, circuit.admit(), circuit.admit()]).toEqual(["closed", true, true])
})

test("a backend that stays away is tried more and more seldom, never less than every half minute", () => {
  let nowMs = 0
  const circuit = new CircuitBreaker({ now: () => nowMs, chance: () => 0.5 })
  for (let i = 0; i < failuresMax; i++) circuit.recordFailure()
  const waits: number[] = []
  for (let i = 0; i < 8; i++) {
    waits.push(circuit.msUntilTry)
    nowMs += circuit.msUntilTry
    expect(circuit.admit()).toBe(true)
    circuit.recordFailure()
  }
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, longestWaitMs, longestWaitMs, longestWaitMs])
})

test("who was let in to try and never went lets another try", () => {
  let nowMs = 0
  const circuit = new CircuitBreaker({ now: () => nowMs, chance: () => 0.5 })
  for (let i = 0; i < failuresMax; i++) circuit.recordFailure()
  nowMs = 5000
  expect(circuit.admit()).toBe(true)
  circuit.recordNothing()
  expect(circuit.admit()).toBe(true)
})

test("requests of one caller that are not answered in time count once, those of several each", () => {
  const circuit = new CircuitBreaker({ chance: () => 0.5 })
  for (let i = 0; i < 3 * failuresMax; i++) expect(circuit.recordFailure("ann")).toBe(false)
  for (let i = 2; i < failuresMax; i++) expect(circuit.recordFailure(`caller ${i}`)).toBe(false)
  expect([circuit.state, circuit.recordFailure("bob"), circuit.state]).toEqual(["closed", true, "open"])
})

test("requests at once grow while all goes well, up to the bound, and halve once when it does not", () => {
  let nowMs = 0
  const concurrency = new ConcurrencyLimiter({ max: 20, now: () => nowMs })
  const rounds = (count: number, outcome: "well" | "strained"): void => {
    for (let i = 0; i < count; i++) {
      const started: number[] = []
      while (concurrency.hasRoom) started.push(concurrency.take())
      nowMs++
      for (const one of started) concurrency.release(one, outcome)
    }
  }
  expect(concurrency.limit).toBe(8)
  rounds(30, "well")
  expect([concurrency.limit, concurrency.inFlightPeak]).toEqual([20, 20])
  rounds(1, "strained")
  expect(concurrency.limit).toBe(10)
  rounds(10, "strained")
  expect(concurrency.limit).toBe(1)
  rounds(60, "well")
  expect(concurrency.limit).toBeGreaterThan(5)
})

test("asks go first, in order, and tells are not starved by them", async () => {
  const order: string[] = []
  let tells = 0
  const concurrency = new ConcurrencyLimiter({ max: 1 })
  concurrency.startNotification = (): boolean => {
    if (tells === 0) return false
    tells--
    order.push("tell")
    concurrency.take()
    return true
  }
  const first = await concurrency.takeForAsk("ann", 60_000)
  const asks = Array.from({ length: 8 }, (_, i) =>
    concurrency.takeForAsk("ann", 60_000).then(() => void order.push(`ask ${i}`)),
  )
  tells = 3
  concurrency.release(first, "well")
  for (let i = 0; i < 11; i++) {
    await Promise.resolve()
    await Promise.resolve()
    concurrency.release(0, "unknown")
  }
  await Promise.all(asks)
  expect(order.filter((one) => one !== "tell")).toEqual(Array.from({ length: 8 }, (_, i) => `ask ${i}`))
  expect(order.indexOf("tell")).toBeLessThan(5)
  expect(concurrency.inFlightPeak).toBe(1)
})

test("those that wait are let go when nobody can help them", async () => {
  const concurrency = new ConcurrencyLimiter({ max: 1 })
  await concurrency.takeForAsk("ann", 60_000)
  const waiting = [concurrency.takeForAsk("ann", 60_000), concurrency.takeForAsk("ann", 60_000)]
  const over = Promise.allSettled(waiting)
  concurrency.giveUpAll()
  await over
  for (const one of waiting) await expect(one).rejects.toThrow("more to do than it can")
  expect(concurrency.asksWaiting).toBe(0)
})
