// Laba's questions about visitors, answered: what awaits who connects, and what becomes of what they send. Whose channel
// it is, Laba knows by the token.
import type { ClientMessage, Verdict, Visitor, Welcome } from "laba"
import type { Ticket } from "../book/memory.ts"
import type { Sale } from "../book/sale.ts"
import { type Conversation, saleOf } from "./conversation.ts"
import { standingTicket } from "./standing-ticket.ts"

export interface VisitorsOptions {
  readonly find: (sale: string) => Sale | null
  readonly conversation: Conversation
  /** Has a ticket told before its holder looks. */
  readonly tellNow: (sale: Sale, ticket: Ticket) => Promise<void>
}

/** What of a visitor matters here. */
export interface LabaVisitor extends Pick<Visitor, "user" | "channel" | "channels"> {
  /** Those of the channels that hold nothing: never told, trimmed or forgotten. */
  readonly empty: readonly string[]
}

/** Laba's hooks, as far as they are used: what they take and answer can cross to another thread. */
export interface VisitorHooks {
  onConnect(visitor: LabaVisitor): Promise<Welcome | undefined>
  onMessage(message: ClientMessage): Promise<Verdict>
}

export function visitorHooks({ find, conversation, tellNow }: VisitorsOptions): VisitorHooks {
  return {
    async onConnect({ user, channel, channels, empty }) {
      if (user === undefined) return undefined
      for (const wanted of [...(channel === null ? [] : [channel]), ...channels]) {
        const sale = wanted.startsWith("/@") ? find(saleOf(wanted)) : null
        const newest = sale?.book.byUser.get(user)
        if (!sale || !newest) continue
        // Nobody finds an empty channel for a ticket that exists.
        if (empty.includes(wanted)) await tellNow(sale, standingTicket(newest))
        else if (newest.told === 0) await tellNow(sale, newest)
      }
      return undefined
    },
    async onMessage({ user, channel, data }) {
      const text = typeof data === "string" ? data : ""
      const reply = await conversation.answer({ user, channel, text })
      if (reply === null) return { refuse: { code: "forbidden", detail: "Only results are heard here." } }
      return { publish: false, reply: JSON.stringify(reply) }
    },
  }
}
