// Who is asking, and whether that is enough: a buyer, or the operator.
import { timingSafeEqual } from "node:crypto"
import { isFromOtherPage } from "../../kit/http/request-forgery.ts"
import { Problem } from "./answers.ts"
import { credentialOf } from "./login.ts"
import type { Shop } from "./shop.ts"

/** What tells who a buyer is. */
export type LoginBook = Pick<Shop, "login" | "clock">

/** The buyer's name, at once where nobody else has to be asked. Throws a problem, or rejects with it, for who is none. */
export function buyerOf({ login, clock }: LoginBook, request: Request): string | Promise<string> {
  const credential = credentialOf(request.headers)
  if (credential === null) throw new Problem(401, "unauthorized", "Log in first.")
  guardForgery(request)
  const user = login.userOf(credential, clock())
  return user instanceof Promise ? user.then(known) : known(user)
}

function known(user: string | null): string {
  if (user === null) throw new Problem(401, "unauthorized", "The login is not valid any more.")
  return user
}

/** Throws a problem unless the request shows the operator's key. */
export function requireOperator(shop: Shop, request: Request): void {
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
