// From the basket to a bill. An order is kept in the browser, under one key, until the desk has answered: whatever happens
// to the network, the page or the desk meanwhile, it arrives, and arrives once.
import { call, retryUntilAnswered, Refusal } from "../../../kit/browser/api-calls.ts"
import { element, find } from "../../../kit/browser/elements.ts"
import { language } from "../../../kit/browser/language.ts"
import { remember, remembered } from "../../../kit/browser/page-storage.ts"
import type { BillRecord } from "../../model/bill.ts"
import type { ShopWithMenu } from "../../model/shop.ts"
import type { Basket } from "./basket.ts"
import { isWord, money, nameOf, translate } from "../language.ts"

interface KeptOrder {
  readonly key: string
  readonly body: Readonly<Record<string, unknown>>
}

interface OrderingOptions {
  readonly basket: Basket
  readonly shop: () => ShopWithMenu | undefined
  /** Resolves when the desk knows who we are. */
  readonly ready: Promise<void>
  readonly placed: (bill: BillRecord) => void
  readonly changed: () => void
}

interface Ordering {
  /** Sends the order that was on its way when the page was closed, if there is one. */
  resume(): void
  paint(): void
}

const keptKey = "takeaway.order"
const contactKey = "takeaway.contact"
const contactFields = ["name", "address", "telephone"] as const
const formFields = [...contactFields, "note"] as const

export function startOrdering({ basket, shop, ready, placed, changed }: OrderingOptions): Ordering {
  const bar = find("#basket")
  const dialog = find<HTMLDialogElement>("#order")
  const form = find<HTMLFormElement>("#order form")
  const wrong = find("#order .wrong")
  const field = (name: string): HTMLInputElement => form.elements.namedItem(name) as HTMLInputElement
  let sending: "not" | "first" | "again" = "not"

  /** Says what is wrong, and of what; the first of those fields gets the focus. */
  const complain = (code: string, about: readonly string[] = []): void => {
    const word = `error_${code}`
    const fields = about.map((name) => `field_${name}`).filter(isWord)
    wrong.textContent = isWord(word)
      ? translate(word, {
          fields: fields.map((name) => translate(name)).join(language() === "en" ? ", " : "、"),
        })
      : translate("error_other", { code })
    if (!dialog.open) dialog.showModal()
    for (const name of formFields) field(name).setAttribute("aria-invalid", String(about.includes(name)))
    const first = formFields.find((name) => about.includes(name))
    if (first) field(first).focus()
  }
  const forgive = (): void => {
    wrong.textContent = ""
    for (const name of formFields) field(name).removeAttribute("aria-invalid")
  }

  const send = async ({ key, body }: KeptOrder): Promise<void> => {
    sending = "first"
    changed()
    try {
      await ready
      const { bill } = await retryUntilAnswered(
        () => call<{ bill: BillRecord }>("POST", "/bill", { body, key }),
        () => {
          sending = "again"
          changed()
        },
      )
      basket.clear()
      dialog.close()
      placed(bill)
    } catch (error) {
      if (error instanceof Refusal)
        complain(error.code, [(error.body["field"] as string | undefined) ?? "order"])
      else complain("unknown")
    } finally {
      keep(null)
      sending = "not"
      changed()
    }
  }

  find("#basket button").addEventListener("click", () => {
    const contact = remembered<Record<string, string>>(contactKey) ?? {}
    for (const name of contactFields) field(name).value ||= contact[name] ?? ""
    forgive()
    dialog.showModal()
    changed()
  })
  find("#order .back").addEventListener("click", () => dialog.close())
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    // The second tap of a double tap finds the first one under way.
    if (sending !== "not") return
    const empty = contactFields.filter((name) => field(name).value.trim() === "")
    if (empty.length > 0) return complain("empty", empty)
    forgive()
    const contact = Object.fromEntries(contactFields.map((name) => [name, field(name).value]))
    remember(contactKey, contact)
    const body = { shop: shop()?.shop, ...contact, note: field("note").value, dishes: basket.lines }
    const order: KeptOrder = { key: crypto.randomUUID(), body }
    keep(order)
    field("note").value = ""
    void send(order)
  })
  return {
    resume() {
      const kept = remembered<KeptOrder>(keptKey)
      if (kept) void send(kept)
    },
    paint() {
      const at = shop()
      bar.hidden = basket.isEmpty && sending === "not"
      find("#basket .count").textContent =
        sending === "not"
          ? translate("inBasket", { count: basket.pieces })
          : translate(sending === "first" ? "sending" : "sendingAgain")
      find("#basket .total").textContent = at && sending === "not" ? money(basket.totalAt(at)) : ""
      find<HTMLButtonElement>("#basket button").hidden = sending !== "not"
      find<HTMLButtonElement>("#order [type=submit]").disabled = sending !== "not"
      if (sending === "again") wrong.textContent = translate("sendingAgain")
      if (!at) return
      find("#order-title").textContent = translate("orderAt", { shop: nameOf(at) })
      find("#order .lines").replaceChildren(
        ...at.dishes
          .filter(({ id }) => basket.count(id) > 0)
          .map((dish) =>
            element(
              "li",
              {},
              element("span", {}, `${nameOf(dish)} × ${basket.count(dish.id)}`),
              element("span", {}, money(dish.price * basket.count(dish.id))),
            ),
          ),
        element(
          "li",
          { class: "sum" },
          element("span", {}, translate("total")),
          element("b", {}, money(basket.totalAt(at))),
        ),
      )
    },
  }
}

const keep = (order: KeptOrder | null): void => remember(keptKey, order)
