// What happens in one killed sale, decided by a seed: the sale, its buyers, who is killed, when, and for how long. The same
// seed and number plan the same; when the processes do what is theirs to decide.
import type { TransportName } from "laba/client"
import type { SaleSettings } from "../../../apps/flash-sale/model/sale.ts"
import { Random } from "../../fuzz/random.ts"
import type { Victim } from "./town.ts"

/** Of one buyer. */
export interface Habits {
  readonly user: string
  readonly transport: TransportName
  /** What it does once it has won, or while it waits. */
  readonly does: "pays" | "forgets" | "cancels" | "leaves"
  /** Asks over the socket instead of by HTTP. */
  readonly overSocket: boolean
}

interface Moment {
  /** So many tickets were promised, results seen, or orders paid for … */
  readonly after: "tickets" | "results" | "payments"
  readonly count: number
  /** … and then so long. */
  readonly laterMs: number
}

export interface Plan {
  readonly sale: string
  readonly settings: Partial<SaleSettings>
  readonly buyers: readonly (Habits & { readonly comesAtMs: number })[]
  /** How many others click each second. */
  readonly pressPerSecond: number
  readonly victim: Victim
  readonly moment: Moment
  /** How long the victim stays dead. */
  readonly awayMs: number
  readonly weather: { readonly delayMsMax: number; readonly doubled: number; readonly lost: number }
}

interface Planned {
  readonly seed: number
  readonly number: number
  readonly buyers: number
  /** How many others click each second. */
  readonly press: number
  readonly victims: readonly Victim[]
}

const crowdMs = 1200

/** How long others go on to come at the most, once the sale has opened. */
export const pressSeconds = 3

/**
 * One queue, and the same batches and transactions; but who is watched must be able to win, to pay and to be too late, whatever
 * the others do. Of those nobody pays, and with a unit for every third the last offer lapses before long.
 */
export const itemOf = { holders: "i", press: "j" } as const

export function planOf({ seed, number, buyers, press, victims }: Planned): Plan {
  const random = Random.of(seed, "sale", number)
  const sale = `killed-${number}`
  const stock = 5 + random.below(Math.ceil(buyers / 2))
  const after = random.pick(["tickets", "tickets", "results", "payments"] as const)
  const most = { tickets: buyers, results: buyers, payments: Math.ceil(stock / 2) }[after]
  const mode = random.pick(["first-come", "first-come", "shuffle", "lottery"] as const)
  return {
    sale,
    settings: {
      mode,
      items: [
        { id: itemOf.holders, title: "A thing", stock, price: 4200 },
        { id: itemOf.press, title: "Another", stock: 1 + press, price: 1 },
      ],
      factor: 1,
      reserve: 10_000 + press * pressSeconds,
      payBySeconds: 2,
      offerSeconds: 2,
      ticketSeconds: 120,
      inflowPerSecond: random.pick([null, null, 60 + press, 150 + press / 2]),
    },
    pressPerSecond: press,
    buyers: Array.from({ length: buyers }, (_, at) => buyerOf(random, `${sale}-u${at}`)),
    // In turn, so that a short run kills each of them. Every second sale is in this town.
    victim: victims[Math.floor(number / 2) % victims.length] as Victim,
    moment: { after, count: 1 + random.below(most), laterMs: random.below(250) },
    awayMs: random.pick([0, 200, 800, 1500]),
    weather: random.pick([
      { delayMsMax: 0, doubled: 0, lost: 0 },
      { delayMsMax: 300, doubled: 0.3, lost: 0.2 },
    ]),
  }
}

function buyerOf(random: Random, user: string): Habits & { readonly comesAtMs: number } {
  const transport = random.pick(["websocket", "websocket", "sse", "poll"] as const)
  return {
    user,
    transport,
    does: random.pick([
      "pays",
      "pays",
      "pays",
      "pays",
      "pays",
      "forgets",
      "forgets",
      "cancels",
      "leaves",
    ] as const),
    overSocket: transport === "websocket" && random.oneIn(2),
    comesAtMs: random.below(crowdMs),
  }
}
