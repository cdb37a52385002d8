import { expect, test } from "bun:test"
import { demoShops } from "../../model/menu.ts"
import { Basket } from "./basket.ts"

const [menu] = demoShops
if (!menu) throw new Error("There is no menu.")
const shop = { shop: menu.id, zh: menu.zh, en: menu.en, isOpen: true, version: 1, dishes: menu.dishes }

test("a basket counts pieces and adds up what they cost", () => {
  const basket = new Basket()
  for (const dish of ["egg", "egg", "beef"]) basket.add(dish, 1)
  expect([basket.pieces, basket.totalAt(shop)]).toEqual([3, 3400])
  expect(basket.lines).toEqual([
    { dish: "egg", count: 2 },
    { dish: "beef", count: 1 },
  ])
})

test("a dish of which there is nothing left is not in it", () => {
  const basket = new Basket()
  basket.add("egg", 1)
  basket.add("egg", -1)
  basket.add("rice", -1)
  expect([basket.isEmpty, basket.lines]).toEqual([true, []])
})

test("it holds no more of a dish than the desk takes", () => {
  const basket = new Basket()
  for (let time = 0; time < 120; time++) basket.add("egg", 1)
  expect(basket.count("egg")).toBe(99)
})
