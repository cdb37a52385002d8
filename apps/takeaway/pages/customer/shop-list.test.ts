import { expect, test } from "bun:test"
import type { ShopWithMenu } from "../../model/shop.ts"
import { withMenus, withNews } from "./shop-list.ts"

const shop = (version: number, isOpen: boolean, dishes: ShopWithMenu["dishes"] = []): ShopWithMenu => ({
  shop: "shop1",
  zh: "店",
  en: "Shop",
  isOpen,
  version,
  dishes,
})

test("news change the shop that they are about, and old news change nothing", () => {
  const known = [shop(1, false), { ...shop(1, false), shop: "shop2" }]
  const opened = withNews(known, shop(2, true))
  expect(opened.map(({ isOpen }) => isOpen)).toEqual([true, false])
  expect(withNews(opened, shop(1, false))).toEqual(opened)
})

test("an answer that was long on its way does not undo what the channel has told, and brings its menu", () => {
  const dishes = [{ id: "egg", zh: "蛋", en: "Egg", price: 300 }]
  expect(withMenus([shop(2, true)], [shop(1, false, dishes)])).toEqual([shop(2, true, dishes)])
  expect(withMenus([shop(2, true)], [shop(3, false)])).toEqual([shop(3, false)])
  expect(withMenus([], [shop(1, true)])).toEqual([shop(1, true)])
})
