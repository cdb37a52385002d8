// Who asks: a customer, whom a cookie makes somebody without a login, or a kitchen, which has logged in to its shop.
import { randomBytes } from "node:crypto"
import type { AppRequest } from "../../kit/http/app-request.ts"
import { Problem } from "../../kit/http/problem.ts"
import { type CookieKey, SignedCookie } from "../../kit/http/signed-cookie.ts"
import { signListenToken } from "../../kit/laba/listen-token.ts"
import type { Takeaway } from "./takeaway.ts"

/** A year: whoever orders again is the same customer. Lax: so is who follows a link to us, and another site's POST is not theirs. */
const customerCookie = new SignedCookie("takeaway_customer", { seconds: 365 * 86_400, site: "Lax" })

/** A long working day. */
export const kitchenCookie = new SignedCookie("takeaway_kitchen", { seconds: 16 * 3600, site: "Strict" })

/** What a customer is called at Laba begins with this, and what a shop is called does not: neither can be the other. */
const customerPrefix = "c-"

/** Laba asks for it, so that a token made for something else is none there. */
export const tokenIssuer = "takeaway"

export const cookieKey = ({ secrets, clock }: Takeaway): CookieKey => ({
  secret: secrets.cookies,
  nowMs: clock(),
})

export const customerOf = (takeaway: Takeaway, request: AppRequest): string | null =>
  customerCookie.read(request, cookieKey(takeaway))

/** Throws when nobody has visited with this cookie. */
export function requireCustomer(takeaway: Takeaway, request: AppRequest): string {
  const customer = customerOf(takeaway, request)
  if (customer === null)
    throw new Problem(401, "no_customer", "Open the page first; it tells us who you are.")
  return customer
}

/** A new customer and the cookie to set. */
export function newCustomer(takeaway: Takeaway, request: AppRequest) {
  const customer = customerPrefix + randomBytes(12).toString("hex")
  return { customer, cookie: customerCookie.setting(customer, request, cookieKey(takeaway)) }
}

/** What opens the demo shops, for whoever asks on this machine: that is for trying out, and nobody else is told. */
export const demoPasswordFor = ({ demoPassword }: Takeaway, { isLocal }: AppRequest): string | null =>
  isLocal ? demoPassword : null

/** The shop that this kitchen has logged in to. */
export const kitchenOf = (takeaway: Takeaway, request: AppRequest): string | null =>
  kitchenCookie.read(request, cookieKey(takeaway))

/** Throws when it has not logged in. */
export function requireKitchen(takeaway: Takeaway, request: AppRequest): string {
  const shop = kitchenOf(takeaway, request)
  if (shop === null) throw new Problem(401, "not_logged_in", "Log in to the shop first.")
  return shop
}

/** Says to Laba who somebody is; by that it knows which channels are theirs. */
export const listenTokenFor = (user: string, { secrets, clock }: Takeaway): string =>
  signListenToken({ issuer: tokenIssuer, user, secret: secrets.tokens, nowMs: clock() })
