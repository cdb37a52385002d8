import { expect, test } from "bun:test"
import { type PaymentProvider, ProviderRefusal } from "./provider.ts"
import { watchedProvider } from "./watched-provider.ts"

/** A provider that answers every question as `close` is made to. */
function stage(close: () => Promise<{ state: "closed" }>) {
  let now = 0
  let asked = 0
  const provider: PaymentProvider = {
    open: async () => ({ payUrl: "http://pay" }),
    look: async () => ({ state: "open" }),
    close: () => {
      asked++
      return close()
    },
    refund: async () => {},
    readCallback: () => null,
  }
  const watched = watchedProvider(provider, { clock: () => now, waitMsMax: 1 })
  return { watched, pass: (ms: number) => (now += ms), asked: () => asked }
}

test("a provider that hangs is asked about three trades, and then once in a while", async () => {
  const { watched, pass, asked } = stage(() => new Promise(() => {}))
  for (const trade of ["a", "b", "c"]) await expect(watched.close(trade)).rejects.toThrow("in time")
  for (let time = 0; time < 100; time++) await expect(watched.close("a")).rejects.toThrow("is away")
  // Who wants to pay is told so at once, too.
  await expect(watched.open({ reference: "a", amount: 1, currency: "CNY" })).rejects.toThrow("is away")
  expect(watched.mayAsk).toBe(false)
  expect(asked()).toBe(3)
  pass(1000)
  expect(watched.mayAsk).toBe(true)
  await expect(watched.close("a")).rejects.toThrow("in time")
  expect(asked()).toBe(4)
})

test("it is there again with the first answer", async () => {
  let isAway = true
  const { watched, pass } = stage(async () => {
    if (isAway) throw new Error("connection refused")
    return { state: "closed" }
  })
  for (const trade of ["a", "b", "c"]) await expect(watched.close(trade)).rejects.toThrow("refused")
  isAway = false
  pass(1000)
  expect(await watched.close("a")).toEqual({ state: "closed" })
  expect(await watched.close("a")).toEqual({ state: "closed" })
})

test("a provider that says no is there", async () => {
  const { watched, asked } = stage(() => Promise.reject(new ProviderRefusal("no such trade")))
  for (let time = 0; time < 10; time++) await expect(watched.close("a")).rejects.toThrow("no such trade")
  expect(asked()).toBe(10)
})
