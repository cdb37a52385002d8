// Who is asking, and whether that is enough: a buyer, or the operator.
import { timingSafeEqual } from "node:crypto"
import { isFromOtherPage } from "../../kit/http/request-forgery.ts"
import { Problem } from "./answers.ts"
import { credentialOf } from "./login.ts"
import type { Shop } from "./shop.ts"

/** What tells who a buyer is. */
export type LoginBook = Pick<Shop, "login" | "clock" | "publicUrl">

/** The buyer's name, at once where nobody else has to be asked. Throws a problem, or rejects with it, for who is none. */
export function buyerOf({ login, clock, publicUrl }: LoginBook, request: Request): string | Promise<string> {
  const credential = credentialOf(request.headers)
  if (credential === null) throw new Problem(401, "unauthorized", "Log in first.")
  guardForgery(request, publicUrl)
  const user = login.userOf(credential, clock())
  return user instanceof Promise ? user.then(known) : known(user)
}

function known(user: string | null): string {
  if (user === null) throw new Problem(401, "unauthorized", "The login is not valid any more.")
  return user
}

/** Throws a problem unless the request shows the operator's key. */
export function requireOperator(shop: Pick<Shop, "operatorKey" | "publicUrl">, request: Request): void {
  const given = Buffer.from(credentialOf(request.headers) ?? "")
  const right = Buffer.from(shop.operatorKey)
  if (given.length !== right.length || !timingSafeEqual(given, right))
    throw new Problem(401, "unauthorized", "This needs the operator's key.")
  guardForgery(request, shop.publicUrl)
}

/**
 * A page of another origin must not act with a visitor's cookie, and not give them one either. `publicUrl` is where pages come from
 * when a proxy rewrites the Host.
 */
export function guardForgery(request: Request, publicUrl: string | undefined): void {
  if (request.method !== "GET" && isFromOtherPage(request, publicUrl))
    throw new Problem(403, "forbidden", "Another site's page cannot do this.")
}
