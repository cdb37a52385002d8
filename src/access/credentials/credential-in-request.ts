// Where in a request a credential travels. What it is worth, others say. A credential is never printed.
import { LabaError } from "../../../wire/error.ts"
import type { RequestHead } from "../access.ts"
import type { Origins } from "../origins/origins.ts"

/** An entry of `Sec-WebSocket-Protocol` that carries a token, since a browser can set no other header. Never echoed. */
const tokenSubprotocol = "laba.token."

export interface CredentialSources {
  /** The cookie that may hold a token. */
  readonly cookie: string | undefined
  /** Whether `?token=` may: addresses end up in logs, histories and `Referer`. */
  readonly inQuery: boolean
  readonly origins: Origins
}

/** The credential of a request, or null. `Authorization` wins over the rest, and the cookie, sent unasked, comes last. Throws `unauthorized` and `foreign_origin`. */
export function credentialIn(asked: RequestHead, sources: CredentialSources): string | null {
  const { headers, search, method } = asked
  const authorization = headers.get("authorization")
  if (authorization !== null) return bearerOf(authorization)
  const offered = headers.get("sec-websocket-protocol")
  const entry = offered === null ? null : tokenAmong(offered)
  if (entry !== null) return entry
  const inQuery = search === "" ? null : tokenInQuery(search)
  if (inQuery !== null) {
    if (sources.inQuery) return inQuery
    throw new LabaError(
      "unauthorized",
      "A token in the address is not accepted here; send `Authorization: Bearer …`, or on a WebSocket the subprotocol `laba.token.…`.",
    )
  }
  if (sources.cookie === undefined) return null
  const cookie = cookieNamed(sources.cookie, headers.get("cookie"))
  if (cookie !== null) sources.origins.checkCookie(headers, method)
  return cookie
}

function bearerOf(authorization: string): string {
  const match = /^bearer +([\w.~+/=-]+) *$/i.exec(authorization)
  if (match) return match[1] as string
  throw new LabaError("unauthorized", "Only `Authorization: Bearer` and a key or a token is understood here.")
}

function tokenAmong(offered: string): string | null {
  if (!offered.includes(tokenSubprotocol)) return null
  const entry = offered
    .split(",")
    .map((name) => name.trim())
    .find((name) => name.startsWith(tokenSubprotocol))
  return entry?.slice(tokenSubprotocol.length) ?? null
}

function tokenInQuery(search: string): string | null {
  return /[?&]token=([^&]*)/.exec(search)?.[1] ?? null
}

/** The first cookie of that name (RFC 6265, 5.4 puts the most specific first); an empty one counts as none. */
function cookieNamed(name: string, header: string | null): string | null {
  for (const pair of header?.split(";") ?? []) {
    const at = pair.indexOf("=")
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim() || null
  }
  return null
}
