// Who asks: a customer, whom a cookie makes somebody without a login, or a kitchen, which has logged in to its shop.
import { randomBytes } from "node:crypto"
import { Problem } from "./answers.ts"
import type { Call, Desk } from "./desk.ts"
import { isLocalRequest } from "./local-request.ts"
import { isFromOtherOrigin } from "./own-pages.ts"
import { seal, unseal } from "./seal.ts"

const customerCookie = "takeaway_customer"
const kitchenCookie = "takeaway_kitchen"

/** A year: whoever orders again is the same customer. */
const customerMs = 365 * 86_400_000

/** A long working day. */
const kitchenMs = 16 * 3_600_000

/** What a customer is called at Laba begins with this, and what a shop is called does not: neither can be the other. */
const customerPrefix = "c-"

export function customerOf(desk: Desk, { request }: Call): string | null {
  return read(desk, request, customerCookie)
}

/** Throws when nobody has visited with this cookie. */
export function requireCustomer(desk: Desk, call: Call): string {
  const customer = customerOf(desk, call)
  if (customer === null)
    throw new Problem(401, "no_customer", "Open the page first; it tells us who you are.")
  return customer
}

/** A new customer and the cookie to set. */
export function newCustomer(desk: Desk): { readonly customer: string; readonly cookie: string } {
  const customer = customerPrefix + randomBytes(12).toString("hex")
  // Lax: who follows a link to us is still the same customer, and another site's POST is not theirs.
  return { customer, cookie: cookie(desk, customerCookie, { value: customer, ms: customerMs, site: "Lax" }) }
}

/** What opens the demo shops, for whoever asks on this machine: that is for trying out, and nobody else is told. */
export const demoPasswordFor = ({ demoPassword }: Desk, call: Call): string | null =>
  demoPassword !== null && isLocalRequest(call) ? demoPassword : null

/** The shop that this kitchen has logged in to. */
export function kitchenOf(desk: Desk, { request }: Call): string | null {
  return read(desk, request, kitchenCookie)
}

/** Throws when it has not logged in. */
export function requireKitchen(desk: Desk, call: Call): string {
  const shop = kitchenOf(desk, call)
  if (shop === null) throw new Problem(401, "not_logged_in", "Log in to the shop first.")
  return shop
}

export const kitchenLogin = (desk: Desk, shop: string): string =>
  cookie(desk, kitchenCookie, { value: shop, ms: kitchenMs, site: "Strict" })

export const kitchenLogout = (): string => `${kitchenCookie}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`

interface CookieOptions {
  readonly value: string
  readonly ms: number
  readonly site: "Lax" | "Strict"
}

function cookie({ secrets, clock }: Desk, name: string, { value, ms, site }: CookieOptions): string {
  const sealed = seal(value, { use: name, until: clock() + ms, secret: secrets.cookies })
  return `${name}=${sealed}; Path=/; HttpOnly; SameSite=${site}; Max-Age=${ms / 1000}`
}

/** Null for pages of other origins: no call of theirs is its visitor's. */
function read({ secrets, clock }: Desk, request: Request, name: string): string | null {
  if (isFromOtherOrigin(request)) return null
  for (const one of (request.headers.get("cookie") ?? "").split(";")) {
    const at = one.indexOf("=")
    if (one.slice(0, at).trim() !== name) continue
    return unseal(one.slice(at + 1).trim(), { use: name, secret: secrets.cookies, nowMs: clock() })
  }
  return null
}
