// A slice of `run.ts`, which kills fifty sales: one for each who can be killed, wherever Laba is. The seed is in the
// failure; `run.ts --seed … --from … --sales 1` plans the same sale again.
import { afterAll, beforeAll, expect, test } from "bun:test"
import { seed } from "../../support/seed.ts"
import { killedSale, type Outcome } from "./killed-sale.ts"
import { planOf } from "./plan.ts"
import { Town } from "./town.ts"

const buyers = 40
const press = 1000

const sales = [
  { number: 1, victim: "shop", where: "with Laba inside the shop" },
  { number: 2, victim: "laba", where: "beside a Laba apart" },
  { number: 3, victim: "payments", where: "with Laba inside the shop" },
  { number: 4, victim: "shop", where: "beside a Laba apart" },
] as const

type Where = (typeof sales)[number]["where"]

const outcomes = new Map<number, PromiseWithResolvers<Outcome>>(
  sales.map(({ number }) => [number, Promise.withResolvers()]),
)

/** The sales of one town, one after the other. Two towns live at the same time: most of a sale is waiting. */
async function liveIn(where: Where): Promise<void> {
  const isLabaApart = where === "beside a Laba apart"
  const here = sales.filter((sale) => sale.where === where)
  try {
    await using town = await Town.start({ isLabaApart })
    for (const { number, victim } of here) {
      const plan = planOf({ seed, number, buyers, press, victims: [victim] })
      outcomes.get(number)?.resolve(await killedSale(town, plan))
    }
  } catch (error) {
    for (const { number } of here) outcomes.get(number)?.reject(error)
  }
}

let towns: Promise<unknown> = Promise.resolve()
beforeAll(() => {
  // A town that fails fails its tests, each when it looks.
  for (const { promise } of outcomes.values()) promise.catch(() => {})
  towns = Promise.all([liveIn("with Laba inside the shop"), liveIn("beside a Laba apart")])
})
afterAll(() => towns, 400_000)

for (const { number, victim, where } of sales) {
  test(`a sale whose ${victim} is killed ${where} keeps every promise, and everybody sees one result`, async () => {
    const outcome = await outcomes.get(number)?.promise
    expect({ seed, number, broken: outcome?.broken }).toEqual({ seed, number, broken: [] })
    expect(outcome?.holders).toBeGreaterThan(0)
  }, 400_000)
}
