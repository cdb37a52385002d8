// The customer's page: shops that are open, a menu, a basket, and how each order stands, live.
import type { Laba } from "laba/client"
import { call, retryUntilAnswered } from "../../../kit/browser/api-calls.ts"
import { find } from "../../../kit/browser/elements.ts"
import type { BillRecord } from "../../model/bill.ts"
import { shopsChannel } from "../../model/channels.ts"
import type { ShopRecord, ShopWithMenu } from "../../model/shop.ts"
import { Basket } from "./basket.ts"
import { BillCache } from "../bill-cache.ts"
import { connectToLaba, follow } from "../laba-connection.ts"
import { inEachLanguage, startLanguages } from "../language.ts"
import { paintMenu, paintShops } from "./menu-view.ts"
import { startMyBills } from "./my-bills.ts"
import { startOrdering } from "./ordering.ts"
import { withMenus, withNews } from "./shop-list.ts"

interface Visit {
  readonly customer: string
  readonly bills: readonly BillRecord[]
  readonly laba: string
  /** Whether anybody may be a kitchen. */
  readonly isDemo: boolean
}

let isDemo = false
let shops: readonly ShopWithMenu[] = []
let chosen = location.hash.slice(1)
const basket = new Basket()
const cache = new BillCache()

startLanguages()

const chosenShop = (): ShopWithMenu | undefined => shops.find(({ shop }) => shop === chosen)

function choose(shop: string): void {
  if (shop !== chosen) basket.clear()
  chosen = shop
  history.replaceState(null, "", `#${shop}`)
  paint()
}

function paint(): void {
  paintShops(shops, chosen, choose)
  // Who came to look finds every shop closed, since nobody stands in a kitchen yet.
  find("#demo").hidden = !isDemo || shops.some(({ isOpen }) => isOpen)
  paintMenu(chosenShop(), basket, paint)
  ordering.paint()
  myBills.paint()
}

const myBills = startMyBills({ cache, shopOf: (id) => shops.find(({ shop }) => shop === id) })
// Who we are must be known before the first order: by that a repeated one is known for what it is.
const visited = Promise.withResolvers<void>()
const ordering = startOrdering({
  basket,
  shop: chosenShop,
  ready: visited.promise,
  placed(bill) {
    cache.put(bill)
    paint()
    find("#bills").scrollIntoView({ behavior: "smooth" })
  },
  changed: paint,
})

const visitDesk = (): Promise<Visit> => call<Visit>("POST", "/api/visit")

async function refresh(): Promise<void> {
  const [visit, menus] = await Promise.all([
    retryUntilAnswered(visitDesk),
    retryUntilAnswered(() => call<{ shops: ShopWithMenu[] }>("GET", "/api/shops")),
  ])
  visited.resolve()
  isDemo = visit.isDemo
  cache.putAll(visit.bills)
  shops = withMenus(shops, menus.shops)
  if (!chosenShop()) chosen = (shops.find(({ isOpen }) => isOpen) ?? shops[0])?.shop ?? ""
  paint()
  connection ??= listen(visit.laba)
}

let connection: Laba | null = null

function listen(url: string): Laba {
  const laba = connectToLaba({
    url,
    tokenPath: "/api/listen",
    where: async () => (await visitDesk()).laba,
    forgotten: () => location.reload(),
  })
  const hearBill = (data: unknown): void => {
    if (cache.put(data as BillRecord)) paint()
  }
  const hearShop = (data: unknown): void => {
    shops = withNews(shops, data as ShopRecord)
    paint()
  }
  const followed = [
    { channel: "/@me/bills", hear: hearBill },
    { channel: shopsChannel, hear: hearShop },
  ]
  follow(laba, followed, () => void refresh())
  return laba
}

inEachLanguage(paint)
ordering.resume()
void refresh()
setInterval(() => myBills.tick(), 1000)
