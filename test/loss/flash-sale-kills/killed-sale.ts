// One sale under load in which somebody is killed with -9. Afterwards what died is started again, the sale comes to its
// end, and then books, channels and every ticket holder are asked whether all promises were kept.
import type { OrderState } from "../../../apps/flash-sale/model/order.ts"
import type { TicketRecord } from "../../../apps/flash-sale/model/wire/api.ts"
import { ticketEnds } from "../../../apps/flash-sale/model/ticket.ts"
import { Holder } from "./holder.ts"
import { itemOf, type Plan, pressSeconds } from "./plan.ts"
import { Press } from "./press.ts"
import type { Town } from "./town.ts"

export interface Outcome {
  readonly sale: string
  readonly plan: Omit<Plan, "buyers" | "sale">
  /** Where everybody stood when the victim died. */
  readonly killedAt: { readonly tickets: number; readonly results: number; readonly payments: number }
  readonly holders: number
  readonly ends: Readonly<Record<string, number>>
  readonly orders: Readonly<Record<string, number>>
  /** The others: how many came, were promised a ticket, and had theirs written down at the same time as others. */
  readonly press: Press["facts"] & { readonly batchMost: number }
  /** Channels that were compared with the books. */
  readonly channels: number
  /** Times that a client was told to load anew. */
  readonly resets: number
  readonly seconds: number
  /** What broke; nothing, when all was kept. */
  readonly broken: readonly string[]
}

/** Of the others so many ask again in the end, under the key for which they have an answer. */
const askedAgainMax = 50

/** A sale that has not come to its end by then hangs. */
const endMsMax = 300_000

export async function killedSale(town: Town, plan: Plan): Promise<Outcome> {
  const began = performance.now()
  const { sale, victim, moment, awayMs, settings, weather } = plan
  await town.operator("POST", "/sales", { id: sale, title: sale, ...timesOf(plan), ...settings })
  await town.weather(weather)
  using holders = new Crowd(plan.buyers.map((habits) => new Holder(town, sale, habits)))
  let tickets = 0
  const reached = (): Record<typeof moment.after, number> => ({
    tickets,
    results: holders.count(({ witness }) => witness.results > 0),
    payments: holders.count(({ paid }) => paid),
  })
  const lives = plan.buyers.map(async ({ comesAtMs }, at) => {
    await Bun.sleep(comesAtMs)
    await holders.all[at]?.live(() => (tickets += 1))
  })
  const crowd = Promise.all(lives)
  const press = new Press({
    crowd: town.crowd(),
    sale,
    item: itemOf.press,
    port: Number(new URL(town.shop.url).port),
    perSecond: plan.pressPerSecond,
    clicksMax: Math.max(1, plan.pressPerSecond * pressSeconds),
  })
  const isOver = { value: false }
  void crowd.then(
    () => (isOver.value = true),
    () => (isOver.value = true),
  )
  // A moment that never comes, because too few paid, is the end of what all have to do.
  while (!isOver.value && reached()[moment.after] < moment.count) await Bun.sleep(5)
  await Bun.sleep(moment.laterMs)
  const place = town.place(victim)
  await place.kill()
  const killedAt = reached()
  await Bun.sleep(awayMs)
  await place.start()
  if (victim === "payments") await town.weather(weather)
  const broken: string[] = []
  const deadline = performance.now() + endMsMax
  const by = async (what: string | (() => string), isSo: () => Promise<boolean> | boolean): Promise<void> => {
    while (!(await isSo())) {
      if (performance.now() > deadline)
        return void broken.push(`in the end ${typeof what === "string" ? what : what()}`)
      await Bun.sleep(50)
    }
  }
  if (!(await press.settled(endMsMax))) broken.push("in the end some clicks had no answer")
  await by(
    () => `some buyers still had something to do: ${holders.busy().join("; ")}`,
    () => isOver.value,
  )
  if (isOver.value) await crowd
  await by("somebody waited still, or had not paid", async () => (await waiting(town, sale)) === 0)
  await by(
    "something was still to be told",
    async () => (await town.gauge("flash_sale_results_untold")) === 0,
  )
  await by(
    "a refund or a trade's end was still open",
    async () => (await town.gauge("flash_sale_errands_open")) === 0,
  )
  await by("the outbox was not drained", () => town.unsent() === 0)
  const inside = holders.all.filter(({ number }) => number !== null)
  const booked = await Promise.all(inside.map((holder) => holder.ticket()))
  for (const [at, holder] of inside.entries())
    await by(`${holder.habits.user} had not seen the result`, () =>
      isSeen(holder, booked[at] as TicketRecord),
    )
  const books = town.booked(sale)
  const { exit, verdict } = await town.verify(sale)
  if (exit !== 0) broken.push(`verify exits with ${exit}: ${JSON.stringify(verdict.channels).slice(0, 300)}`)
  broken.push(
    ...Object.entries(verdict.findings).flatMap(([name, lines]) => lines.map((line) => `${name} ${line}`)),
  )
  for (const [at, holder] of inside.entries()) broken.push(...brokenTo(holder, booked[at] as TicketRecord))
  await press.askAgain(askedAgainMax)
  broken.push(...press.contradictions)
  for (const [user, number] of press.numbers)
    if (books.numbers.get(user) !== number)
      broken.push(`${user} was promised ${number}, and the books say ${books.numbers.get(user)}`)
  const { buyers: _, sale: __, ...planned } = plan
  return {
    sale,
    plan: planned,
    killedAt,
    holders: inside.length,
    ends: tally(booked.map(({ state }) => state)),
    orders: tally(booked.flatMap(({ order }) => (order ? [order.state] : []))),
    press: { ...press.facts, batchMost: books.batchMost },
    channels: "read" in verdict.channels ? verdict.channels.read : 0,
    resets: holders.all.reduce((sum, { resets }) => sum + resets, 0),
    seconds: Math.round((performance.now() - began) / 100) / 10,
    broken,
  }
}

/** Shuffle and lottery draw while buyers still come. */
function timesOf({ settings }: Plan): { startsAt: number; lobbyAt?: number; drawAt?: number } {
  const startsAt = Date.now() + 300
  if (settings.mode === "shuffle") return { startsAt: startsAt + 500, lobbyAt: startsAt }
  if (settings.mode === "lottery") return { startsAt, drawAt: startsAt + 1000 }
  return { startsAt }
}

/** Tickets that wait and orders that are not paid. */
async function waiting(town: Town, sale: string): Promise<number> {
  const { standing, unpaid } = (await town.operator("GET", `/sales/${sale}`)) as {
    standing: { queued: number; waitlisted: number; items: { available: number }[] }
    unpaid: number
  }
  const left = standing.queued + unpaid
  // Nobody buys any more, so those on the wait-list would wait until their tickets end: the shop closes.
  if (left === 0 && standing.waitlisted > 0) await town.operator("POST", `/sales/${sale}/close`)
  return left + standing.waitlisted
}

const isSeen = ({ witness }: Holder, { version }: TicketRecord): boolean =>
  (witness.last?.version ?? 0) >= version

/** What a holder was promised and shown, against the books. */
function brokenTo(holder: Holder, booked: TicketRecord): string[] {
  const { witness, habits, number, paid } = holder
  const broken = [...witness.contradictions]
  const { last } = witness
  if (booked.number !== number) broken.push(`${habits.user} was promised ${number} and has ${booked.number}`)
  if (!ticketEnds.has(booked.state)) broken.push(`${habits.user} is left ${booked.state}`)
  if (last?.state !== booked.state || (last.order?.state ?? null) !== (booked.order?.state ?? null))
    broken.push(
      `${habits.user} saw ${last?.state}, ${last?.order?.state} of ${booked.state}, ${booked.order?.state}`,
    )
  if (witness.results !== 1) broken.push(`${habits.user} saw ${witness.results} results`)
  const answered: readonly OrderState[] = ["paid", "refunded"]
  if (paid && !(booked.order && answered.includes(booked.order.state)))
    broken.push(`${habits.user} paid, and the order is ${booked.order?.state}`)
  return broken
}

function tally(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1
  return counts
}

/** All buyers of a sale, sent home together. */
class Crowd implements Disposable {
  readonly all: readonly Holder[]

  constructor(all: readonly Holder[]) {
    this.all = all
  }

  /** Some of those who have not come to their end. */
  busy(): string[] {
    const ends = ["has its result", "is turned away"]
    return this.all
      .filter(({ doing }) => !ends.includes(doing))
      .slice(0, 5)
      .map(({ habits, stand }) => `${habits.user} ${stand}`)
  }

  count(isSo: (holder: Holder) => boolean): number {
    return this.all.filter(isSo).length
  }

  [Symbol.dispose](): void {
    for (const holder of this.all) holder[Symbol.dispose]()
  }
}
