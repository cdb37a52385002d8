// The shops' signs and the menu of one of them.
import { element, find } from "../../../kit/browser/elements.ts"
import type { MenuDish } from "../../model/menu.ts"
import type { ShopWithMenu } from "../../model/shop.ts"
import type { Basket } from "./basket.ts"
import { money, nameOf, translate } from "../language.ts"

export function paintShops(
  shops: readonly ShopWithMenu[],
  chosen: string,
  choose: (shop: string) => void,
): void {
  find("#shops .signs").replaceChildren(
    ...shops.map((shop) =>
      element(
        "li",
        {},
        element(
          "button",
          {
            type: "button",
            class: "sign",
            "data-shop": shop.shop,
            "data-open": String(shop.isOpen),
            "aria-pressed": String(shop.shop === chosen),
            onclick: () => choose(shop.shop),
          },
          element("b", {}, nameOf(shop)),
          element("span", { class: "state" }, translate(shop.isOpen ? "open" : "closed")),
        ),
      ),
    ),
  )
}

/** The row that has the focus keeps it: a stepper is tapped several times. */
export function paintMenu(shop: ShopWithMenu | undefined, basket: Basket, changed: () => void): void {
  const focused = document.activeElement?.getAttribute("data-step")
  const rows = shop ? shop.dishes.map((dish) => row(dish, { shop, basket, changed })) : []
  find("#menu").replaceChildren(
    ...(shop
      ? [
          element("h2", {}, nameOf(shop)),
          ...(shop.isOpen ? [] : [element("p", { class: "soft shut" }, translate("closedNote"))]),
          element("ul", { class: "dishes" }, ...rows),
        ]
      : []),
  )
  if (focused) document.querySelector<HTMLElement>(`[data-step="${CSS.escape(focused)}"]`)?.focus()
}

interface RowOptions {
  readonly shop: ShopWithMenu
  readonly basket: Basket
  readonly changed: () => void
}

function row(dish: MenuDish, { shop, basket, changed }: RowOptions): HTMLElement {
  const name = nameOf(dish)
  const count = basket.count(dish.id)
  const step = (by: 1 | -1): HTMLElement =>
    element(
      "button",
      {
        type: "button",
        "data-step": `${dish.id} ${by}`,
        "aria-label": translate(by > 0 ? "more" : "less", { dish: name }),
        disabled: !shop.isOpen,
        onclick: () => {
          basket.add(dish.id, by)
          changed()
        },
      },
      by > 0 ? "+" : "−",
    )
  return element(
    "li",
    { "data-dish": dish.id },
    element("span", { class: "dish" }, name),
    element("span", { class: "price" }, money(dish.price)),
    element(
      "span",
      { class: "stepper" },
      count > 0 && step(-1),
      count > 0 && element("b", {}, String(count)),
      step(1),
    ),
  )
}
