// GET /c without parameters: the newest message itself. What a publisher sent is never a page on our origin.
import { isJsonType } from "../../../wire/content-type.ts"
import { printCursor } from "../../../wire/cursor.ts"
import type { Channel } from "../../channels/channel.ts"
import type { Message } from "../../engines/engine.ts"
import type { ApiContext } from "../api-context.ts"
import type { ApiRequest } from "../api-request.ts"

/** Types that a browser shows without running anything. SVG is not among them: it may hold scripts. */
const inertTypes =
  /^(?:text\/(?:plain|csv)|application\/(?:json|[a-z0-9.+-]+\+json|octet-stream)|image\/(?:png|jpeg|gif|webp|avif))$/

/** Where health checks and scrapers look elsewhere. They are channels here, and look well for ever. */
export const probedPaths: ReadonlySet<string> = new Set([
  "/health",
  "/healthz",
  "/health/live",
  "/health/ready",
  "/healthcheck",
  "/livez",
  "/readyz",
  "/metrics",
  "/actuator/health",
  "/-/healthy",
  "/-/ready",
])

const safeHeaders = {
  "X-Content-Type-Options": "nosniff",
  "Content-Security-Policy": "sandbox; default-src 'none'",
  "Cache-Control": "no-cache",
  // A cache keeps this one: to whoever asks for a stream it is not the answer.
  Vary: "Accept",
} as const

export async function newest(
  { hub, onProbe }: ApiContext,
  request: ApiRequest,
  channel: Channel,
): Promise<Response> {
  const state = await hub.state(channel)
  const cursor = printCursor(channel, state.newest ?? state.tail)
  const headers = {
    ...safeHeaders,
    ETag: `"${cursor}"`,
    "Laba-Cursor": printCursor(channel, state.tail),
    "Laba-History": state.history,
  }
  if (!state.newest) {
    if (probedPaths.has(channel)) onProbe(channel)
    return new Response(null, { status: 204, headers })
  }
  if (matchesTag(request.raw.headers.get("if-none-match"), cursor))
    return new Response(null, { status: 304, headers })
  return new Response(state.newest.data as BodyInit, {
    headers: { ...headers, "Content-Type": servedType(state.newest) },
  })
}

/** The published type when it is inert, else the plainest type that shows the same bytes. */
function servedType(message: Pick<Message, "type" | "data">): string {
  const inert = inertTypes.test(message.type)
  if (typeof message.data !== "string") return inert ? message.type : "application/octet-stream"
  return `${inert || isJsonType(message.type) ? message.type : "text/plain"}; charset=utf-8`
}

function matchesTag(ifNoneMatch: string | null, cursor: string): boolean {
  if (ifNoneMatch === null) return false
  return ifNoneMatch
    .split(",")
    .some((tag) => tag.trim().replace(/^W\//, "") === `"${cursor}"` || tag.trim() === "*")
}
