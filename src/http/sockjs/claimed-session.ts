// Which session a request is for: read from its path, and from the credential that it shows.
import type { Identity } from "../../access/access.ts"
import type { ApiContext } from "../api-context.ts"
import type { ApiRequest } from "../api-request.ts"
import { noSession } from "./answer.ts"
import type { SockJsCarries } from "./sockjs-config.ts"
import type { SessionClaim } from "./session-claim.ts"

/** A server's number, which is for balancers, the session's name, and the transport. Bounded, since sessions are kept by it. */
export const sessionPath = /^\/[^/.]{1,100}\/([^/.]{1,200})\/([a-z_]+)$/

/** Of a request whose path the routes have found. Throws `not_found` when a reload has taken it away meanwhile. */
export function claimIn(
  { sockjs }: ApiContext,
  { path, identity }: ApiRequest,
): { readonly claim: SessionClaim; readonly carries: SockJsCarries } {
  const place = sockjs.placeOf(path)
  if (!place) throw noSession()
  const { service, carries, rest } = place
  const name = sessionPath.exec(rest)?.[1] as string
  return { claim: { service, name, owner: ownerOf(identity) }, carries }
}

/** A token is renewed while a session lives, so it is the user that counts; one that names nobody is at least a token. */
function ownerOf(identity: Identity): string | undefined {
  if (identity.kind === "anyone") return
  if (identity.kind === "key") return `key ${identity.digest}`
  return identity.user === undefined ? "token" : `user ${identity.user}`
}
