// What a Laba elsewhere asks by its HTTP hooks (dialect `laba`: CloudEvents, signed over time, attributes and body): what
// becomes of a buyer's words, and, where it is configured so, what awaits who comes to listen. Requests that Laba has not
// signed are nobody's.
import { createHmac, timingSafeEqual } from "node:crypto"
import type { Ticket } from "../book/memory.ts"
import type { Sale } from "../book/sale.ts"
import { textOf } from "../http/body.ts"
import { type Conversation, saleOf } from "./conversation.ts"
import { standingTicket } from "./standing-ticket.ts"

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

/** An older request may be one that was recorded. */
const ageSecondsMax = 300

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
    if (method !== "POST" || body === null || !isSigned(headers, body, secret, clock()))
      return Response.json({ status: 401, detail: "Laba has not signed this." }, { status: 401 })
    const attribute = (name: string): string | undefined => decoded(headers.get(`ce-${name}`))
    const user = attribute("user")
    const channel = attribute("channel") ?? ""
    const type = attribute("type")
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

/** `Laba-Signature: t=…,v1=…`: HMAC-SHA256 over the time, the CloudEvents attributes by name, and the body. */
function isSigned(headers: Headers, body: string, secret: string, nowMs: number): boolean {
  const [time = "", ...signatures] = (headers.get("laba-signature") ?? "").split(",")
  const seconds = Number(time.replace(/^t=/, ""))
  if (!(Math.abs(nowMs / 1000 - seconds) < ageSecondsMax)) return false
  const attributes = [...headers]
    .filter(([name]) => name.startsWith("ce-"))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const text = attributes.map(([name, value]) => `${name}:${value}\n`).join("")
  const right = createHmac("sha256", secret).update(`${seconds}\n${text}\n`).update(body).digest()
  return signatures.some((one) => {
    const given = Buffer.from(one.replace(/^v1=/, ""), "hex")
    return given.length === right.length && timingSafeEqual(given, right)
  })
}

function decoded(value: string | null): string | undefined {
  if (value === null) return undefined
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
