// Laba's questions about visitors, answered: what awaits who connects, and what becomes of what they send. Whose channel
// it is, Laba knows by the token.
import type { ClientMessage, Verdict, Visitor, Welcome } from "laba"
import { resultChannel } from "../model/record.ts"
import type { Ticket } from "../book/memory.ts"
import type { Sale } from "../book/sale.ts"
import type { Cashier } from "../payments/cashier.ts"
import { recordOf } from "./record-of.ts"
import { isLive } from "../model/order.ts"

export interface VisitorsOptions {
  readonly find: (sale: string) => Sale | null
  readonly cashier: () => Cashier
  /** Has a ticket told before its holder looks, when it still waits to be. */
  readonly tellNow: (sale: Sale, ticket: Ticket) => Promise<void>
}

/** What of a visitor matters here. */
export type LabaVisitor = Pick<Visitor, "user" | "channel" | "channels">

/** Laba's hooks, as far as they are used: what they take and answer can cross to another thread. */
export interface VisitorHooks {
  onConnect(visitor: LabaVisitor): Promise<Welcome | undefined>
  onMessage(message: ClientMessage): Promise<Verdict>
}

export function visitorHooks({ find, cashier, tellNow }: VisitorsOptions): VisitorHooks {
  return {
    async onConnect({ user, channel, channels }) {
      if (user === undefined) return undefined
      for (const wanted of [...(channel === null ? [] : [channel]), ...channels]) {
        const sale = wanted.startsWith("/@") ? find(/\/sales\/([a-z0-9-]+)$/.exec(wanted)?.[1] ?? "") : null
        const ticket = sale?.book.byUser.get(user)
        // Nobody finds an empty channel for a ticket that exists.
        if (sale && ticket?.told === 0) await tellNow(sale, ticket)
      }
      return undefined
    },
    onMessage: (message) => converse(message, find, cashier()),
  }
}

/** What a buyer asks over the socket: `{"do":"status"|"pay"|"cancel"|"leave"}`. Nothing of it is ever published. */
async function converse(
  message: ClientMessage,
  find: VisitorsOptions["find"],
  cashier: Cashier,
): Promise<Verdict> {
  const reply = (answer: unknown): Verdict => ({ publish: false, reply: JSON.stringify(answer) })
  const sale = find(/\/sales\/([a-z0-9-]+)$/.exec(message.channel)?.[1] ?? "")
  const { user } = message
  if (!sale || user === undefined || !sameName(message.channel, resultChannel(user, sale.id)))
    return { refuse: { code: "forbidden", detail: "Only results are heard here." } }
  const asked = askedIn(message.data)
  let ticket = sale.book.byUser.get(user) ?? null
  for (let older = ticket; older; older = older.previous)
    if (older.order && isLive(older.order.state)) ticket = older
  if (!ticket) return reply({ asked, failed: "no_ticket" })
  const { number } = ticket
  const stands = () => {
    const now = sale.book.tickets[number - 1]
    return reply({ asked, ticket: now && recordOf(sale.book, now) })
  }
  switch (asked) {
    case "status":
      return stands()
    case "pay":
      return reply({ asked, ...(await cashier.open(sale, number)) })
    case "cancel":
      await cashier.cancel(sale, number)
      return stands()
    case "leave":
      sale.leave(ticket)
      return stands()
    case null:
      return reply({ failed: "not_understood" })
  }
}

const words = ["status", "pay", "cancel", "leave"] as const

function askedIn(data: string | Uint8Array): (typeof words)[number] | null {
  if (typeof data !== "string") return null
  try {
    const asked = (JSON.parse(data) as { do?: unknown } | null)?.do
    return words.find((word) => word === asked) ?? null
  } catch {
    return null
  }
}

/** Laba spells a name in its own canonical way; compared is what is meant. */
const sameName = (a: string, b: string): boolean => decoded(a) === decoded(b)

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
