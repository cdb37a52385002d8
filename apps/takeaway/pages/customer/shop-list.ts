// The shops as a page knows them, each as it stood last, whichever way that came: an answer that was long on its way must
// not undo what the channel has told meanwhile.
import type { ShopRecord, ShopWithMenu } from "../../model/shop.ts"

/** What was read, with what was already known to be newer. */
export function withMenus(
  known: readonly ShopWithMenu[],
  read: readonly ShopWithMenu[],
): readonly ShopWithMenu[] {
  return read.map((shop) => {
    const before = known.find((one) => one.shop === shop.shop)
    return before && before.version > shop.version ? { ...before, dishes: shop.dishes } : shop
  })
}

/** With the news of one shop, unless they are old. */
export function withNews(known: readonly ShopWithMenu[], news: ShopRecord): readonly ShopWithMenu[] {
  return known.map((shop) =>
    shop.shop === news.shop && shop.version < news.version ? { ...shop, ...news } : shop,
  )
}
