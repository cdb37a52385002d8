// The dialect `laba`: CloudEvents 1.0 in binary mode, signed, answered in JSON. docs/PROTOCOL.md, H.
import { retryAfterIn } from "../../../../wire/retry-after.ts"
import { readAnswer } from "./laba-answer.ts"
import { encodeAttribute } from "../../event-attributes.ts"
import { BackendFailure, Refusal } from "../delivery/backend-failure.ts"
import {
  askKinds,
  type Dialect,
  type HookEvent,
  type HookKind,
  type EncodedDelivery,
  type HookResponse,
  type RegisterEvent,
  notificationKinds,
} from "../remote.ts"

/** Bytes of a refusal that reach a client as its detail. */
const detailCharsMax = 300

const refusals = { 401: "unauthorized", 403: "forbidden", 429: "too_many_requests" } as const

export const labaDialect: Dialect = {
  speaks: new Set<HookKind>([...askKinds, ...notificationKinds]),
  handshakes: true,
  write(delivery): EncodedDelivery {
    const { event, id, time } = delivery
    const content = contentOf(event)
    return {
      headers: {
        "content-type": content.type,
        "ce-specversion": "1.0",
        "ce-type": `laba.${event.kind}`,
        "ce-source": sourceOf(id),
        "ce-id": encodeAttribute(id),
        "ce-time": new Date(time).toISOString(),
        ...attributesOf(event),
      },
      body: content.body,
    }
  },
  read({ event }, response) {
    const { status } = response
    if (status >= 200 && status < 300) return readAnswer(event.kind, response.body)
    if ((askKinds as readonly string[]).includes(event.kind) && status in refusals)
      throw new Refusal(
        refusals[status as keyof typeof refusals],
        detailIn(response),
        retryAfterIn(response.headers),
      )
    throw statusFailure(response)
  },
}

/**
 * A status that is no answer. One of 500 or 501 is about this request alone: a client that finds out how to cause it must not have
 * everybody else's left unasked. Who is overloaded or gone says 429, or 502 and above.
 */
export function statusFailure({ status, headers }: HookResponse): BackendFailure {
  const redirect = status >= 300 && status < 400 ? "; redirects are not followed" : ""
  return new BackendFailure(`The backend answered with status ${status}${redirect}.`, {
    because: "status",
    sent: true,
    strained: status >= 502 || status === 429,
    retryAfterSeconds: retryAfterIn(headers),
  })
}

/** The node, by which every id begins: of a connection, or of what concerns none. */
const sourceOf = (id: string): string => `/nodes/${/^[^-/]*/.exec(id)?.[0] ?? ""}`

function attributesOf(event: HookEvent): Record<string, string> {
  const { channel } = event
  const named: Record<string, string> = channel === null ? {} : { "ce-channel": encodeAttribute(channel) }
  if ("node" in event) return named
  const { connection, transport, user, state } = event
  return {
    ...named,
    ...(connection !== "" && { "ce-connection": encodeAttribute(connection), "ce-transport": transport }),
    ...(user !== undefined && { "ce-user": encodeAttribute(user) }),
    ...(state !== undefined && { "ce-state": encodeAttribute(state) }),
  }
}

const json = "application/json"

function contentOf(event: HookEvent): { type: string; body: string | Uint8Array } {
  switch (event.kind) {
    case "register":
      return { type: json, body: JSON.stringify(described(event)) }
    case "transport":
    case "publish":
      return { type: event.type, body: event.data }
    case "subscribe":
      return { type: json, body: JSON.stringify({ channel: event.channel }) }
    case "unregister":
      return { type: json, body: JSON.stringify({ code: event.code, reason: event.reason }) }
    case "nack":
      return { type: json, body: JSON.stringify({ channel: event.channel, messages: event.messages }) }
    case "occupied":
    case "vacated":
      return { type: json, body: JSON.stringify({ channel: event.channel }) }
    default:
      return event satisfies never
  }
}

function described({ visitor }: RegisterEvent): Record<string, unknown> {
  const { connection, transport, protocol, channel, channels, user, headers, query, address } = visitor
  return {
    connection,
    transport,
    protocol,
    channel,
    channels,
    user: user ?? null,
    subprotocols: visitor.subprotocols ?? [],
    headers: Object.fromEntries(headers),
    query,
    address,
  }
}

/** What a refusal says to the client: a problem's `detail`, or a short text. */
function detailIn({ headers, body }: HookResponse): string {
  const standard = "The application said no."
  if (body.length === 0 || body.length > 4096) return standard
  const said = new TextDecoder().decode(body).trim()
  const type = headers.get("content-type") ?? ""
  if (type.startsWith("text/plain")) return said.slice(0, detailCharsMax) || standard
  try {
    const { detail } = JSON.parse(said) as { detail?: unknown }
    return typeof detail === "string" && detail !== "" ? detail.slice(0, detailCharsMax) : standard
  } catch {
    return standard
  }
}
