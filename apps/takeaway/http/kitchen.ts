// What kitchens call over HTTP: the login, and how their shop stands. What they do to bills they say over their socket,
// see functions/kitchen-words.ts.
import { billsOfShop } from "../books/read-bills.ts"
import { findShop, listShops, passwordOfShop } from "../books/shops.ts"
import { answer, bodyOf, Problem } from "./answers.ts"
import type { Endpoint } from "./desk.ts"
import { demoPasswordFor, kitchenLogin, kitchenLogout, kitchenOf, requireKitchen } from "./identity.ts"
import { tokenFor } from "./seal.ts"

/** What the login page offers. */
export const showLogin: Endpoint = async (desk, call) => {
  const shops = await listShops(desk.books)
  return answer({
    shops: shops.map(({ shop, zh, en }) => ({ shop, zh, en })),
    demoPassword: demoPasswordFor(desk, call),
  })
}

export const logIn: Endpoint = async (desk, call) => {
  const { request, address } = call
  const { shop, password } = ((await bodyOf(request)) ?? {}) as { shop?: unknown; password?: unknown }
  if (typeof shop !== "string" || typeof password !== "string" || !isShopName(shop))
    throw new Problem(400, "malformed", "A login has `shop` and `password`.")
  const hash = await passwordOfShop(desk.books, shop)
  // Nothing is computed or remembered for a shop that does not exist: the login page names those that do, and a hash is dear on
  // purpose.
  if (hash === null) throw wrongPassword()
  const seconds = desk.attempts.begin(shop, address)
  if (seconds > 0)
    throw new Problem(429, "too_many_attempts", `Too many wrong passwords; try again in ${seconds} s.`, {
      "Retry-After": String(seconds),
    })
  const fits = await Bun.password.verify(password, hash)
  // The open password stands in the source: with it nobody comes in from elsewhere, as by a proxy that we were not told of.
  const isOpenElsewhere = password === desk.demoPassword && demoPasswordFor(desk, call) === null
  if (!fits || isOpenElsewhere) throw wrongPassword()
  desk.attempts.succeeded(shop, address)
  return answer({ shop }, 200, { "Set-Cookie": kitchenLogin(desk, shop) })
}

const wrongPassword = (): Problem => new Problem(401, "wrong_password", "Shop and password do not fit.")

/** No shop's name is longer, and some databases take no text with a NUL. */
const isShopName = (text: string): boolean => text.length <= 50 && !/\p{Cc}/u.test(text)

export const logOut: Endpoint = () => answer({}, 200, { "Set-Cookie": kitchenLogout() })

/**
 * The shop and all its bills: what a page starts from, and starts from again when it may have missed something. Who has not
 * logged in is told so as a fact, since every page asks this first.
 */
export const showKitchen: Endpoint = async (desk, call) => {
  const id = kitchenOf(desk, call)
  const shop = id === null ? null : await findShop(desk.books, id)
  const bills = shop ? await billsOfShop(desk.books, shop.shop) : []
  return answer({ shop, bills, laba: desk.labaFor(call.request) })
}

export const listenAsKitchen: Endpoint = (desk, call) =>
  answer({ token: tokenFor(requireKitchen(desk, call), desk.secrets.tokens, desk.clock()) })
