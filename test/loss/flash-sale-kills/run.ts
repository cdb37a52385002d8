// Fifty flash sales whose processes are killed: is a promise to a buyer broken?
// Prints a JSON line a sale and exits with 1 when one was. Odd sales have Laba inside the shop, even ones in a process of its own.
import { readFlags } from "../../../bench/measure/flags.ts"
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
})

const seed = flags.seed || 1 + Math.floor(Math.random() * 2 ** 31)
console.log(JSON.stringify({ kills: "begin", ...flags, seed }))
await using inside = await Town.start({ isLabaApart: false })
await using apart = await Town.start({ isLabaApart: true })
const outcomes: Outcome[] = []
for (let number = flags.from; number < flags.from + flags.sales; number++) {
  const town = number % 2 === 0 ? apart : inside
  const plan = planOf({
    seed,
    number,
    buyers: flags.buyers,
    press: flags.press,
    victims: town.victims,
  })
  const outcome = await killedSale(town, plan)
  outcomes.push(outcome)
  console.log(JSON.stringify({ number, laba: town === inside ? "inside" : "apart", ...outcome }))
}
const broken = outcomes.filter((outcome) => outcome.broken.length > 0)
const sum = (of: (outcome: Outcome) => number): number =>
  outcomes.reduce((total, each) => total + of(each), 0)
console.log(
  JSON.stringify({
    kills: "end",
    seed,
    sales: outcomes.length,
    holders: sum(({ holders }) => holders),
    press: sum(({ press }) => press.promised),
    batchMost: Math.max(...outcomes.map(({ press }) => press.batchMost)),
    channels: sum(({ channels }) => channels),
    resets: sum(({ resets }) => resets),
    broken: broken.map(({ sale }) => sale),
  }),
)
process.exitCode = broken.length > 0 ? 1 : 0
