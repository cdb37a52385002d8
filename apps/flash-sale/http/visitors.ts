// Who is asking, and whether that is enough: a buyer, or the operator.
import { timingSafeEqual } from "node:crypto"
import { isFromOtherPage } from "../../kit/http/request-forgery.ts"
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

/** A page of another origin must not act with a visitor's cookie, and not give them one either. */
export function guardForgery(request: Request): void {
  if (request.method !== "GET" && isFromOtherPage(request))
    throw new Problem(403, "forbidden", "Another site's page cannot do this.")
}
