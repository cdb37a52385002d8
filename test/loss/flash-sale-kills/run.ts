// Fifty flash sales whose processes are killed: is a promise to a buyer broken?
// Prints a JSON line a sale and exits with 1 when one was. Odd sales have Laba inside the shop, even ones in a process of its own.
import { readFlags } from "../../../bench/measure/flags.ts"
import { exitOf, runSeeds } from "../../campaigns/seeds.ts"
import { killedSale, type Outcome } from "./killed-sale.ts"
import { planOf } from "./plan.ts"
import { Town } from "./town.ts"

const flags = readFlags({
  sales: 50,
  /** The number of the first, to repeat one of them. */
  from: 1,
  /** 0: one of its own, which is printed. */
  seed: 0,
  /** Buyers of one sale, each with a client that listens. */
  buyers: 120,
  /** Others who click each second. */
  press: 1500,
  /** After which no sale is begun. */
  minutes: 45,
})

/** A sale takes some twenty seconds, and is given five minutes to come to its end, for each thing that it waits for. */
const runMinutesMax = 12

const seed = flags.seed || 1 + Math.floor(Math.random() * 2 ** 31)
console.log(JSON.stringify({ kills: "begin", ...flags, seed }))
/** The towns in which sales take place. One in which a sale did not come to its end is left, since nobody knows what it is up to. */
const towns = new Map<boolean, Town>()
await using stack = new AsyncDisposableStack()

async function inTown<T>(isLabaApart: boolean, act: (town: Town) => Promise<T>): Promise<T> {
  let town = towns.get(isLabaApart)
  if (!town) {
    town = stack.use(await Town.start({ isLabaApart }))
    towns.set(isLabaApart, town)
  }
  try {
    return await act(town)
  } catch (error) {
    towns.delete(isLabaApart)
    await town[Symbol.asyncDispose]()
    throw error
  }
}

const outcomes: Outcome[] = []
const summary = await runSeeds({
  seeds: Array.from({ length: flags.sales }, (_, at) => flags.from + at),
  name: "number",
  minutes: flags.minutes,
  runMinutesMax,
  run: (number) =>
    inTown(number % 2 === 0, async (town) => {
      const plan = planOf({
        seed,
        number,
        buyers: flags.buyers,
        press: flags.press,
        victims: town.victims,
      })
      const outcome = await killedSale(town, plan)
      outcomes.push(outcome)
      const report = { laba: town.laba ? "apart" : "inside", ...outcome }
      return { report, findings: outcome.broken }
    }),
})
const broken = outcomes.filter((outcome) => outcome.broken.length > 0)
const sum = (of: (outcome: Outcome) => number): number =>
  outcomes.reduce((total, each) => total + of(each), 0)
console.log(
  JSON.stringify({
    kills: "end",
    seed,
    ...summary,
    sales: outcomes.length,
    holders: sum(({ holders }) => holders),
    press: sum(({ press }) => press.promised),
    batchMost: Math.max(0, ...outcomes.map(({ press }) => press.batchMost)),
    channels: sum(({ channels }) => channels),
    resets: sum(({ resets }) => resets),
    broken: broken.map(({ sale }) => sale),
  }),
)
await stack.disposeAsync()
// What hangs must not keep it.
process.exit(exitOf(summary))
