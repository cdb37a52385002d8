// The seven promises of a sale, each a function over a snapshot of the books that answers what breaks it. The checker
// that is shipped, the running server and the tests use these and nothing else.
import { isLive, orderMachine, type OrderState } from "./order.ts"
import type { Snapshot } from "./snapshot.ts"
import { isWaiting, ticketEnds, type TicketState } from "./ticket.ts"

export const invariantTitles = {
  I1: "available + held + sold = total, and as the orders say",
  I2: "available is never below zero",
  I3: "at most one live order for a user in a sale",
  I4: "every ticket ends before its deadline",
  I5: "what has ended does not change",
  I6: "a result that was shown is never contradicted",
  I7: "what was paid for is delivered or refunded",
} as const

export type InvariantName = keyof typeof invariantTitles

type Invariant = (snapshot: Snapshot) => string[]

/** How late the sweeper and the payment provider may be before we call a deadline missed. */
const graceMs = 60_000

const ticketName = (row: { readonly sale: string; readonly number: number }): string =>
  `${row.sale}.${row.number}`

function unitsAddUp({ stock, orders }: Snapshot): string[] {
  const held = new Map<string, { held: number; sold: number }>()
  for (const order of orders) {
    if (!isLive(order.state)) continue
    const name = `${order.sale}/${order.item}`
    const counts = held.get(name) ?? { held: 0, sold: 0 }
    counts[order.state === "paid" ? "sold" : "held"] += 1
    held.set(name, counts)
  }
  const wrong: string[] = []
  for (const row of stock) {
    const name = `${row.sale}/${row.item}`
    const said = held.get(name) ?? { held: 0, sold: 0 }
    if (row.available + row.held + row.sold !== row.total)
      wrong.push(`${name}: ${row.available} + ${row.held} + ${row.sold} is not ${row.total}`)
    if (said.held !== row.held || said.sold !== row.sold)
      wrong.push(
        `${name}: ${row.held} held and ${row.sold} sold, but orders for ${said.held} and ${said.sold}`,
      )
  }
  return wrong
}

const nothingBelowZero: Invariant = ({ stock }) =>
  [...stock]
    .filter((row) => row.available < 0)
    .map((row) => `${row.sale}/${row.item}: ${row.available} available`)

function oneLiveOrderEach({ orders }: Snapshot): string[] {
  const holders = new Set<string>()
  const wrong: string[] = []
  for (const order of orders) {
    if (!isLive(order.state)) continue
    const holder = JSON.stringify([order.sale, order.user])
    if (holders.has(holder)) wrong.push(`${order.user} has a second live order, ${ticketName(order)}`)
    holders.add(holder)
  }
  return wrong
}

function everyTicketEnds({ tickets, orders, now }: Snapshot): string[] {
  const wrong: string[] = []
  const won = new Set<string>()
  for (const ticket of tickets) {
    if (isWaiting(ticket.state) && now > ticket.deadline + graceMs)
      wrong.push(`${ticketName(ticket)} is ${ticket.state} past its deadline`)
    if (ticket.state === "won") won.add(ticketName(ticket))
  }
  for (const order of orders) {
    if (!won.delete(ticketName(order))) wrong.push(`${ticketName(order)} has an order and has not won`)
    if (order.state === "pending" && now > order.payBy + graceMs)
      wrong.push(`${ticketName(order)} is unpaid past its time and still holds a unit`)
  }
  for (const name of won) wrong.push(`${name} has won and has no order`)
  return wrong
}

/** A ticket that was shown to have ended stays so: in every later result, and in the books. */
function endsStay({ results, tickets }: Snapshot): string[] {
  const ends = new Map<string, TicketState>()
  const wrong: string[] = []
  for (const result of results) {
    const name = ticketName(result)
    const end = ends.get(name)
    if (end !== undefined && end !== result.ticket)
      wrong.push(`${name} had ended as ${end} and became ${result.ticket}`)
    if (ticketEnds.has(result.ticket)) ends.set(name, result.ticket)
  }
  for (const ticket of tickets) {
    const end = ends.get(ticketName(ticket))
    if (end !== undefined && end !== ticket.state)
      wrong.push(`${ticketName(ticket)} was told ${end} and is ${ticket.state}`)
    if (end === undefined && ticketEnds.has(ticket.state))
      wrong.push(`${ticketName(ticket)} is ${ticket.state} and nobody was told`)
  }
  return wrong
}

/** Each version is said once, and what an order becomes follows from what it was said to be. */
function resultsAgree({ results }: Snapshot): string[] {
  const last = new Map<string, { version: number; order: OrderState | null }>()
  const wrong: string[] = []
  for (const result of results) {
    const name = ticketName(result)
    const before = last.get(name)
    if (before !== undefined && result.version <= before.version)
      wrong.push(`${name}: version ${result.version} was written after ${before.version}`)
    if (before?.order && !mayFollow(before.order, result.order))
      wrong.push(`${name}: its order was shown ${before.order} and then ${result.order ?? "none"}`)
    last.set(name, { version: result.version, order: result.order })
  }
  return wrong
}

const mayFollow = (before: OrderState, after: OrderState | null): boolean =>
  after !== null && (before === after || Object.values<string>(orderMachine[before]).includes(after))

function moneyIsAnswered({ payments, orders, now }: Snapshot): string[] {
  const states = new Map<string, OrderState>()
  for (const order of orders) states.set(ticketName(order), order.state)
  const wrong: string[] = []
  const kept = new Set<string>()
  for (const payment of payments) {
    const name = ticketName(payment)
    if (payment.state === "kept") {
      if (states.get(name) !== "paid")
        wrong.push(`${payment.id} is kept for ${name}, which is ${states.get(name)}`)
      if (kept.has(name)) wrong.push(`${name} was paid for twice and both are kept`)
      kept.add(name)
    }
    if (payment.state === "refused" && now > payment.at + refundMsMax)
      wrong.push(`${payment.id} will not be paid back by its provider, and nobody has settled it by hand`)
    if (payment.state === "refund_due" && now > payment.at + refundMsMax)
      wrong.push(`${payment.id} waits for its refund since ${new Date(payment.at).toISOString()}`)
  }
  for (const [name, state] of states)
    if (state === "paid" && !kept.has(name)) wrong.push(`${name} is paid and no money was kept for it`)
  return wrong
}

/** A refund that has not gone through by then is an alarm: the provider has been failing for a day. */
const refundMsMax = 86_400_000

const invariants: Readonly<Record<InvariantName, Invariant>> = {
  I1: unitsAddUp,
  I2: nothingBelowZero,
  I3: oneLiveOrderEach,
  I4: everyTicketEnds,
  I5: endsStay,
  I6: resultsAgree,
  I7: moneyIsAnswered,
}

/** What is wrong, by invariant; all lists are empty when the books are right. */
export function inspect(snapshot: Snapshot): Record<InvariantName, string[]> {
  const findings = Object.entries(invariants).map(([name, invariant]) => [name, invariant(snapshot)])
  return Object.fromEntries(findings) as Record<InvariantName, string[]>
}
