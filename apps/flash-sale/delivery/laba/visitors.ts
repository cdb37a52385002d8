// Laba's questions about visitors, answered: what awaits who connects, and what becomes of what they send; and who is known to
// listen. Whose channel it is, Laba knows by the token.
import type { ClientMessage, Verdict, Visitor, Welcome } from "laba"
import type { Ticket } from "../../book/memory/memory.ts"
import type { Sale } from "../../book/sale.ts"
import { isUserName } from "../../model/record.ts"
import { type Conversation, saleOf } from "./conversation.ts"
import { standingTicket } from "../standing-ticket.ts"

interface VisitorsOptions {
  readonly find: (sale: string) => Sale | null
  readonly conversation: Conversation
  /** Has a ticket told before its holder looks. */
  readonly tellNow: (sale: Sale, ticket: Ticket) => Promise<void>
  /**
   * Told when somebody begins to listen to a user's results, with a ticket or before there is one, and when nobody does any more:
   * for who polls, after each poll. Of a sale that is not there yet nothing is told.
   */
  readonly watching?: (sale: Sale, user: string, isWatching: boolean) => void
}

/** What of a visitor matters here. */
export interface LabaVisitor extends Pick<Visitor, "user" | "channel" | "channels"> {
  /** Those of the channels that hold nothing: never told, trimmed or forgotten. */
  readonly empty: readonly string[]
}

/** Laba's hooks, as far as they are used: what they take and answer can cross to another thread. */
export interface VisitorHooks {
  /** Somebody comes, or wants one more channel on a connection: then that is `channel`. What it waits for is waited for. */
  onConnect(visitor: LabaVisitor): Promise<Welcome | undefined>
  onMessage(message: ClientMessage): Promise<Verdict>
  /** A user's own channel has its first listener. */
  onOccupied(channel: string): void
  /** A user's own channel has lost its last listener. */
  onVacated(channel: string): void
}

export function visitorHooks({ find, conversation, tellNow, watching }: VisitorsOptions): VisitorHooks {
  const note = (channel: string, isWatching: boolean): void => {
    const user = userOf(channel)
    const sale = user === null ? null : find(saleOf(channel))
    if (sale && user !== null) watching?.(sale, user, isWatching)
  }
  return {
    async onConnect({ user, channel, channels, empty }) {
      if (user === undefined) return undefined
      for (const wanted of [...(channel === null ? [] : [channel]), ...channels]) {
        const sale = wanted.startsWith("/@") ? find(saleOf(wanted)) : null
        const newest = sale?.book.byUser.get(user)
        if (!sale || !newest) continue
        const standing = standingTicket(newest)
        // Nobody finds an empty channel for a ticket that exists, or a word that is not the last: in a crowd it may be on its way.
        if (empty.includes(wanted) || standing.told < standing.version) await tellNow(sale, standing)
      }
      return undefined
    },
    async onMessage({ user, channel, data }) {
      const text = typeof data === "string" ? data : ""
      const reply = await conversation.answer({ user, channel, text })
      if (reply === null) return { refuse: { code: "forbidden", detail: "Only results are heard here." } }
      return { publish: false, reply: JSON.stringify(reply) }
    },
    onOccupied: (channel) => note(channel, true),
    onVacated: (channel) => note(channel, false),
  }
}

/** Whose results a channel has; null for any other channel. Laba hands it over in canonical form, in which escapes are sound. */
function userOf(channel: string): string | null {
  const part = /^\/@([^/]+)\/sales\/[a-z0-9-]+$/.exec(channel)?.[1]
  const user = part === undefined ? "" : decodeURIComponent(part)
  return isUserName(user) ? user : null
}
