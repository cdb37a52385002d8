// What kitchens call over HTTP: the login, and how their shop stands. What they do to bills they say over their socket,
// see functions/kitchen-commands.ts.
import { readJsonObject } from "../../kit/http/json-body.ts"
import { answer, Problem } from "../../kit/http/problem.ts"
import { billsOfShop } from "../database/read-bills.ts"
import { findShop, listShops, passwordOfShop } from "../database/shops.ts"
import {
  cookieKey,
  demoPasswordFor,
  kitchenCookie,
  kitchenOf,
  listenTokenFor,
  requireKitchen,
} from "./identity.ts"
import type { Endpoint } from "./takeaway.ts"

/** What the login page offers. */
export const showLogin: Endpoint = async (takeaway, request) => {
  const shops = await listShops(takeaway.database)
  return answer({
    shops: shops.map(({ shop, zh, en }) => ({ shop, zh, en })),
    demoPassword: demoPasswordFor(takeaway, request),
  })
}

export const logIn: Endpoint = async (takeaway, request) => {
  const { shop, password } = await readJsonObject(request.request)
  if (typeof shop !== "string" || typeof password !== "string" || !isShopName(shop))
    throw new Problem(400, "malformed", "A login has `shop` and `password`.")
  const { database, attempts, demoPassword } = takeaway
  const hash = await passwordOfShop(database, shop)
  // Nothing is computed or remembered for a shop that does not exist: the login page names those that do, and a hash is dear on
  // purpose.
  if (hash === null) throw wrongPassword()
  const seconds = attempts.begin(shop, request.address)
  if (seconds > 0)
    throw new Problem(429, "too_many_attempts", `Too many wrong passwords; try again in ${seconds} s.`, {
      "Retry-After": String(seconds),
    })
  const fits = await Bun.password.verify(password, hash)
  // The open password stands in the source: with it nobody comes in from elsewhere, as by a proxy that we were not told of.
  const isOpenElsewhere = password === demoPassword && demoPasswordFor(takeaway, request) === null
  if (!fits || isOpenElsewhere) throw wrongPassword()
  attempts.succeeded(shop, request.address)
  return answer({ shop }, 200, { "Set-Cookie": kitchenCookie.setting(shop, request, cookieKey(takeaway)) })
}

const wrongPassword = (): Problem => new Problem(401, "wrong_password", "Shop and password do not fit.")

/** No shop's name is longer, and some databases take no text with a NUL. */
const isShopName = (text: string): boolean => text.length <= 50 && !/\p{Cc}/u.test(text)

export const logOut: Endpoint = (_, request) =>
  answer({}, 200, { "Set-Cookie": kitchenCookie.clearing(request) })

/**
 * The shop and all its bills: what a page starts from, and starts from again when it may have missed something. Who has not
 * logged in is told so as a fact, since every page asks this first.
 */
export const showKitchen: Endpoint = async (takeaway, request) => {
  const { database, labaFor } = takeaway
  const id = kitchenOf(takeaway, request)
  const shop = id === null ? null : await findShop(database, id)
  const bills = shop ? await billsOfShop(database, shop.shop) : []
  return answer({ shop, bills, laba: labaFor(request) })
}

export const listenAsKitchen: Endpoint = (takeaway, request) =>
  answer({ token: listenTokenFor(requireKitchen(takeaway, request), takeaway) })
