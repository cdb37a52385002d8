// What a buyer asks for about a ticket: pay, give back, leave. Over the socket where there is one, else by HTTP; asking
// again does nothing twice.
import type { Reply, Wish } from "../../model/wire/conversation.ts"
import type { TicketRecord } from "../../model/wire/api.ts"
import { type Ask, Refused } from "../ask.ts"

export type Granted =
  | { readonly payUrl: string }
  | { readonly ticket: TicketRecord }
  /** By its code. */
  | { readonly failed: string }

interface Wishes {
  readonly ask: Ask
  readonly sale: string
  /** Says it over the socket; null where that is not possible. */
  readonly say: (wish: Wish) => Promise<Reply | null>
}

const requests = {
  pay: ["POST", "order/pay"],
  cancel: ["DELETE", "order"],
  leave: ["DELETE", "ticket"],
} as const

/** Throws `Unreachable` when neither road leads to the shop. */
export async function wish({ ask, sale, say }: Wishes, wanted: Exclude<Wish, "status">): Promise<Granted> {
  const reply = await say(wanted)
  if (reply && "payUrl" in reply) return { payUrl: reply.payUrl }
  if (reply && "ticket" in reply) return { ticket: reply.ticket }
  const [method, path] = requests[wanted]
  try {
    const answer = await ask<{ payUrl: string } | TicketRecord>(
      method,
      `/api/sales/${encodeURIComponent(sale)}/${path}`,
    )
    return "payUrl" in answer ? answer : { ticket: answer }
  } catch (error) {
    if (error instanceof Refused) return { failed: error.code }
    throw error
  }
}
