// How a customer's bills stand: a slip each, with the stations of its way.
import { call, retryUntilAnswered, Refusal } from "../../../kit/browser/api-calls.ts"
import { byLook, element, find, place } from "../../../kit/browser/elements.ts"
import { language } from "../../../kit/browser/language.ts"
import { type BillRecord, type BillState, hasEnded } from "../../model/bill.ts"
import type { ShopWithMenu } from "../../model/shop.ts"
import type { BillCache } from "../bill-cache.ts"
import { agoOf, isWord, money, nameOf, translate } from "../language.ts"
import { stateWord } from "../state-word.ts"
import type { Word } from "../words.ts"

interface MyBillsOptions {
  readonly cache: BillCache
  readonly shopOf: (id: string) => ShopWithMenu | undefined
}

interface MyBills {
  paint(): void
  /** A second has passed. */
  tick(): void
}

const stations: readonly BillState[] = ["placed", "accepted", "cooking", "handed"]

/** Ended bills that stay in sight. */
const endedShown = 5

export function startMyBills({ cache, shopOf }: MyBillsOptions): MyBills {
  const cancel = async (bill: number): Promise<void> => {
    try {
      const changed = await retryUntilAnswered(() =>
        call<{ bill: BillRecord }>("POST", `/api/bills/${bill}/cancel`),
      )
      cache.put(changed.bill)
    } catch (error) {
      // Too late: the answer says how it stands.
      if (error instanceof Refusal && error.body["bill"]) cache.put(error.body["bill"] as BillRecord)
    }
    paint()
  }

  const paint = (): void => {
    const all = cache.all.reverse()
    const live = all.filter(({ state }) => !hasEnded(state))
    const shown = [...live, ...all.filter(({ state }) => hasEnded(state)).slice(0, endedShown)]
    find("#bills").hidden = shown.length === 0
    const list = find("#bills .slips")
    const before = byLook(list)
    place(
      list,
      shown.map((bill) => {
        const shop = shopOf(bill.shop)
        const look = `${bill.bill} ${bill.placedAt} ${bill.version} ${shop?.isOpen} ${language()}`
        const made = before.get(look) ?? slip(bill, shop, () => void cancel(bill.bill))
        made.dataset["look"] = look
        return made
      }),
    )
  }

  return {
    paint,
    tick() {
      for (const time of document.querySelectorAll<HTMLElement>("#bills time[data-ms]"))
        time.textContent = translate("since", { time: agoOf(Number(time.dataset["ms"])) })
    },
  }
}

function slip(bill: BillRecord, shop: ShopWithMenu | undefined, cancel: () => void): HTMLElement {
  const { state, dishes } = bill
  return element(
    "li",
    { class: "slip", "data-bill": bill.bill, "data-state": state, "data-reminded": bill.reminders > 0 },
    element(
      "header",
      {},
      element("b", { class: "number" }, String(bill.number).padStart(3, "0")),
      element("span", { class: "shop" }, shop ? nameOf(shop) : bill.shop),
      element("time", { "data-ms": bill.placedAt }, translate("since", { time: agoOf(bill.placedAt) })),
    ),
    way(state),
    element("p", { class: "word" }, element("b", {}, translate(stateWord(bill))), " ", noteOn(bill, shop)),
    element(
      "p",
      { class: "what" },
      dishes.map((dish) => `${nameOf(dish)} × ${dish.count}`).join(" · "),
      // A sum right behind a count reads as the price of one.
      ` · ${translate("total")} `,
      element("b", {}, money(bill.total)),
    ),
    (state === "placed" || state === "seen") &&
      element("button", { type: "button", class: "cancel", onclick: cancel }, translate("cancelBill")),
  )
}

/** Four stations; what was refused or cancelled has left the way. */
function way(state: BillState): HTMLElement | null {
  if (state === "refused" || state === "cancelled") return null
  const reached = state === "seen" ? 0 : stations.indexOf(state)
  return element(
    "ol",
    { class: "way", "aria-hidden": "true" },
    ...stations.map((station, at) =>
      element(
        "li",
        { class: at < reached ? "past" : at === reached ? "here" : "" },
        translate(station === "placed" ? "ordered" : station),
      ),
    ),
  )
}

/** What there is to say, honestly: also that nobody has looked. */
function noteOn(bill: BillRecord, shop: ShopWithMenu | undefined): string {
  const { state, reason } = bill
  if (stateWord(bill) === "ended") return translate("forgottenNote")
  if (state === "placed" && shop && !shop.isOpen) return translate("offlineNote")
  if (state === "placed" && bill.reminders > 0) return translate("remindedNote")
  const why = reason === null ? "" : isWord(reason) ? translate(reason) : reason
  const note = translate(`${state}Note` as Word)
  return why === "" ? note : `${why}${/[.。!！]$/.test(why) ? "" : language() === "en" ? "." : "。"} ${note}`
}
