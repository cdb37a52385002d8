// What a Laba elsewhere asks by its HTTP hooks (dialect `laba`: CloudEvents, signed over time, attributes and body): what
// becomes of a buyer's words, and, where it is configured so, what awaits who comes to listen. Requests that Laba has not
// signed are nobody's.
import { attributeOf, verifySignature } from "laba"
import type { Ticket } from "../../book/memory/memory.ts"
import type { Sale } from "../../book/sale.ts"
import { textOf } from "../../http/body.ts"
import { type Conversation, saleOf } from "./conversation.ts"
import { standingTicket } from "../standing-ticket.ts"

interface LabaHookOptions {
  /** As in Laba's configuration. */
  readonly secret: string
  readonly clock: () => number
  readonly find: (sale: string) => Sale | null
  readonly conversation: Conversation
  /** Whether Laba has anything in a channel. */
  readonly holds: (channel: string) => Promise<boolean>
  /** Resolves once a ticket's record has arrived at Laba. */
  readonly tell: (sale: Sale, ticket: Ticket) => Promise<void>
}

/** Where Laba's hooks have to call. */
export const labaHookPath = "/api/laba"

export function labaHook(options: LabaHookOptions): (request: Request) => Promise<Response> {
  const { secret, clock, find, conversation, holds, tell } = options

  /** Nobody finds an empty channel for a ticket that exists. */
  const prepare = async (user: string | undefined, channels: readonly string[]): Promise<void> => {
    for (const channel of channels) {
      const sale = channel.startsWith("/@") ? find(saleOf(channel)) : null
      const newest = user === undefined ? undefined : sale?.book.byUser.get(user)
      if (!sale || !newest) continue
      const standing = standingTicket(newest)
      if (standing.told < standing.version || !(await holds(channel))) await tell(sale, standing)
    }
  }

  return async (request) => {
    const { headers, method } = request
    if (method === "OPTIONS")
      return new Response(null, {
        headers: { "WebHook-Allowed-Origin": headers.get("webhook-request-origin") ?? "" },
      })
    const body = await textOf(request).catch(() => null)
    if (method !== "POST" || body === null || !verifySignature({ headers, body }, { secret, nowMs: clock() }))
      return Response.json({ status: 401, detail: "Laba has not signed this." }, { status: 401 })
    const user = attributeOf(headers, "user") ?? undefined
    const channel = attributeOf(headers, "channel") ?? ""
    const type = attributeOf(headers, "type")
    if (type === "laba.transport") {
      const reply = await conversation.answer({ user, channel, text: body })
      if (reply !== null) return Response.json({ reply: JSON.stringify(reply) })
      return Response.json({ status: 403, detail: "Only results are heard here." }, { status: 403 })
    }
    if (type === "laba.subscribe") await prepare(user, [(JSON.parse(body) as { channel: string }).channel])
    if (type === "laba.register") {
      const visit = JSON.parse(body) as { user: string | null; channel: string | null; channels: string[] }
      const wanted = visit.channel === null ? visit.channels : [visit.channel, ...visit.channels]
      await prepare(visit.user ?? undefined, wanted)
    }
    return new Response(null, { status: 204 })
  }
}
