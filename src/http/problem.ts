// Errors as answers: application/problem+json (RFC 9457). Whatever is thrown on the way of a request ends here.
import { LabaError, problemOf } from "../../wire/error.ts"

/** RFC 6455, 4.1. */
export const webSocketVersion = "13"

export function problemResponse(error: unknown, extra: Record<string, string> = {}): Response {
  const known =
    error instanceof LabaError
      ? error
      : new LabaError("internal", "The request failed here; the log says more.")
  const headers: Record<string, string> = {
    "Content-Type": "application/problem+json; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    ...extra,
  }
  // RFC 9110, 15.5.2.
  if (known.status === 401) headers["WWW-Authenticate"] = "Bearer"
  // RFC 9110, 15.5.22, and RFC 6455, 4.4: what would be spoken.
  if (known.status === 426) {
    headers["Upgrade"] = "websocket"
    headers["Sec-WebSocket-Version"] = webSocketVersion
  }
  if (known.retryAfterSeconds !== undefined) headers["Retry-After"] = String(known.retryAfterSeconds)
  return new Response(JSON.stringify(problemOf(known)), { status: known.status, headers })
}
