// Laba's questions about visitors, answered: whose channels somebody may hear, and what becomes of what they send.
import type { ClientMessage, Hooks, Verdict, Visitor } from "laba"
import { resultChannel } from "../model/record.ts"
import { credentialOf, type Login } from "../http/login.ts"
import type { Ticket } from "../book/memory.ts"
import type { Sale } from "../book/sale.ts"
import type { Cashier } from "../payments/cashier.ts"
import { recordOf } from "./record-of.ts"
import { isLive } from "../model/order.ts"

export interface VisitorsOptions {
  readonly login: Login
  readonly clock: () => number
  readonly find: (sale: string) => Sale | null
  readonly cashier: () => Cashier
  /** Has a ticket told before its holder looks, when it still waits to be. */
  readonly tellNow: (sale: Sale, ticket: Ticket) => Promise<void>
}

export function visitorHooks({ login, clock, find, cashier, tellNow }: VisitorsOptions): Hooks {
  const userOf = ({ headers, query }: Visitor): string | null => {
    const credential = credentialOf(headers, new URLSearchParams(query).get("token"))
    return credential === null ? null : login.userOf(credential, clock())
  }

  /** The channels that somebody wants by name must be their own. */
  const mayHear = (channel: string, user: string | null): boolean => {
    if (!channel.startsWith("/@")) return true
    const sale = /^\/[^/]+\/sales\/([a-z0-9-]+)$/.exec(channel)?.[1]
    return user !== null && sale !== undefined && sameName(channel, resultChannel(user, sale))
  }

  return {
    async onConnect(visitor) {
      const user = userOf(visitor)
      const wanted = [...(visitor.channel === null ? [] : [visitor.channel]), ...visitor.channels]
      if (!wanted.every((channel) => mayHear(channel, user)))
        return {
          refuse: {
            code: user === null ? "unauthorized" : "forbidden",
            detail: "Results are for their buyer.",
          },
        }
      if (user === null) return {}
      for (const channel of wanted) {
        const sale = find(/\/sales\/([a-z0-9-]+)$/.exec(channel)?.[1] ?? "")
        const ticket = channel.startsWith("/@") ? sale?.book.byUser.get(user) : undefined
        // Nobody finds an empty channel for a ticket that exists.
        if (sale && ticket?.told === 0) await tellNow(sale, ticket)
      }
      return { user }
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
    default:
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
