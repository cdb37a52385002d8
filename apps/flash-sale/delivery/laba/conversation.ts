// The conversation of `model/conversation.ts`, from the shop's side. Knows no socket: whoever holds it, Laba in this process or one
// elsewhere, hands a buyer's words in here and the answer back to that buyer alone.
import type { Ticket } from "../../book/memory/memory.ts"
import type { Sale } from "../../book/sale.ts"
import type { Ref, Reply, Wish } from "../../model/wire/conversation.ts"
import { resultChannel } from "../../model/record.ts"
import type { Cashier } from "../../payments/cashier.ts"
import { recordOf } from "../record-of.ts"
import { standingTicket } from "../standing-ticket.ts"

/** Something that a buyer said on a channel. Who it is, Laba has found out. */
interface Said {
  readonly user: string | undefined
  readonly channel: string
  readonly text: string
}

interface ConversationOptions {
  readonly find: (sale: string) => Sale | null
  readonly cashier: Cashier
  readonly log: (line: string) => void
  /** Called when something may have changed and its word should go out soon. */
  readonly wake?: () => void
}

/** Longer references are not ours. */
const refCharsMax = 64

export class Conversation {
  private readonly options: ConversationOptions

  constructor(options: ConversationOptions) {
    this.options = options
  }

  /** The answer; null for who speaks where they do not listen to their own results. Never rejects. */
  async answer({ user, channel, text }: Said): Promise<Reply | null> {
    const sale = this.options.find(saleOf(channel))
    if (!sale || user === undefined || !sameName(channel, resultChannel(user, sale.id))) return null
    const { wish, ref } = understood(text)
    if (wish === null) return { ...ref, asked: null, failed: "not_understood" }
    const newest = sale.book.byUser.get(user)
    if (!newest) return { ...ref, asked: wish, failed: "no_ticket" }
    try {
      return { ...ref, ...(await this.grant(sale, standingTicket(newest), wish)) }
    } catch (error) {
      this.options.log(`flash sale: ${wish} of ${user} failed: ${String(error)}`)
      return { ...ref, asked: wish, failed: "not_saved" }
    }
  }

  private async grant(sale: Sale, ticket: Ticket, wish: Wish): Promise<Reply> {
    const { cashier, wake } = this.options
    const { number } = ticket
    // Looked up again afterwards: a failed write has the memory read anew.
    const record = () => recordOf(sale.book, sale.book.tickets.get(number) as Ticket)
    if (wish === "status") {
      cashier.look(sale, number)
      return { asked: wish, ticket: record() }
    }
    if (wish === "pay") return { asked: wish, ...(await cashier.open(sale, number)) }
    if (wish === "cancel") {
      const cancelled = await cashier.cancel(sale, number)
      wake?.()
      if (cancelled !== "cancelled") return { asked: wish, failed: cancelled }
      return { asked: wish, done: true, ticket: record() }
    }
    const done = left(sale, ticket)
    wake?.()
    return { asked: wish, done, ticket: record() }
  }
}

/** True as well when it was before: who asks again did not hear the answer. */
const left = (sale: Sale, ticket: Ticket): boolean => sale.leave(ticket) || ticket.state === "left"

/** The sale that a channel of results is about. */
export const saleOf = (channel: string): string => /\/sales\/([a-z0-9-]+)$/.exec(channel)?.[1] ?? ""

const wishes: readonly Wish[] = ["status", "pay", "cancel", "leave"]

function understood(text: string): { readonly wish: Wish | null; readonly ref: Ref } {
  try {
    const said = JSON.parse(text) as { do?: unknown; ref?: unknown } | null
    const ref = said?.ref
    const keeps = typeof ref === "number" || (typeof ref === "string" && ref.length <= refCharsMax)
    return { wish: wishes.find((wish) => wish === said?.do) ?? null, ref: keeps ? { ref } : {} }
  } catch {
    return { wish: null, ref: {} }
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
