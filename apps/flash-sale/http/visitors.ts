// Who is asking, and whether that is enough: a buyer, or the operator.
import { timingSafeEqual } from "node:crypto"
import { Problem } from "./answers.ts"
import { credentialOf } from "./login.ts"
import type { Ask, Shop } from "./shop.ts"

/** What tells who a buyer is. */
export type LoginBook = Pick<Shop, "login" | "clock">

/** The buyer's name. Throws a problem for who is none. */
export function buyerOf({ login, clock }: LoginBook, request: Request): string {
  const credential = credentialOf(request.headers)
  if (credential === null) throw new Problem(401, "unauthorized", "Log in first.")
  const user = login.userOf(credential, clock())
  if (user === null) throw new Problem(401, "unauthorized", "The login is not valid any more.")
  guardForgery(request)
  return user
}

/** Throws a problem unless the request shows the operator's key. */
export function requireOperator(shop: Shop, { request }: Ask): void {
  const given = Buffer.from(credentialOf(request.headers) ?? "")
  const right = Buffer.from(shop.operatorKey)
  if (given.length !== right.length || !timingSafeEqual(given, right))
    throw new Problem(401, "unauthorized", "This needs the operator's key.")
  guardForgery(request)
}

/**
 * A page of another origin must not act with a visitor's cookie. Browsers say where a request comes from; programs, which
 * have no cookies to be abused, do not.
 */
function guardForgery(request: Request): void {
  const site = request.headers.get("sec-fetch-site")
  if (request.method !== "GET" && site !== null && site !== "same-origin" && site !== "none")
    throw new Problem(403, "forbidden", "Another site's page cannot do this.")
}
