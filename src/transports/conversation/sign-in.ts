// Somebody who is connected shows a credential in band: they are who it says from then on. In every protocol that has a frame for it.
import { LabaError } from "../../../wire/error.ts"
import { type Identity, userOf } from "../../access/access.ts"
import type { Connection } from "../connections/connection.ts"
import { renewClient } from "../connections/client.ts"
import type { TransportContext } from "../transport-context.ts"

/**
 * Puts an identity in the place of the one that a connection had. A connection stays its user's. Throws `forbidden` for another user's
 * credential, and `too_many_connections` when the user has as many as one may; the connection goes on then with what it had.
 */
export function signIn(
  connection: Connection & { readonly closed: boolean },
  identity: Identity,
  context: TransportContext,
): void {
  // Whoever has gone while it was looked at is counted no more, by their user or by their address.
  if (connection.closed) return
  const user = userOf(identity)
  if (connection.user !== undefined && user !== connection.user)
    throw new LabaError("forbidden", "A connection stays its user's; open another one for another user.")
  if (connection.user === undefined && user !== undefined) {
    context.admission.checkUser(user)
    context.connections.nameUser(connection, user)
  }
  renewClient(connection, identity, context)
}

/** Who bears a key or a token that came in a frame. Throws `unauthorized`, `token_expired` and `keys_unavailable`. */
export async function identityOf(
  credential: string,
  { access }: Pick<TransportContext, "access">,
): Promise<Identity> {
  let headers: Headers
  try {
    headers = new Headers({ authorization: `Bearer ${credential}` })
  } catch {
    throw new LabaError("unauthorized", "A credential is a key or a token, and this is neither.")
  }
  return access.identify({ method: "GET", headers, search: "" })
}
