// The rail above the stove: new bills, bills in the works, bills that are done. A slip is made anew only when it has changed,
// so that nobody's finger misses a button.
import { byLook, element, find, place } from "../../../kit/browser/elements.ts"
import { language } from "../../../kit/browser/language.ts"
import { type Act, type BillRecord, type BillState, hasEnded } from "../../model/bill.ts"
import { agoOf, isWord, money, nameOf, translate, timeOf } from "../language.ts"
import { stateWord } from "../state-word.ts"

interface RailOptions {
  readonly isSending: (bill: number) => boolean
  readonly act: (bill: BillRecord, act: Act) => void
}

/** What the kitchen may do next; the first is the big button. */
const offers: Readonly<Record<BillState, readonly Act[]>> = {
  placed: ["accept", "see", "refuse"],
  seen: ["accept", "refuse"],
  accepted: ["cook", "refuse"],
  cooking: ["hand", "refuse"],
  handed: [],
  refused: [],
  cancelled: [],
}

const doneShown = 20

export function paintRail(bills: readonly BillRecord[], options: RailOptions): void {
  const fresh = bills.filter(({ state }) => state === "placed" || state === "seen")
  const works = bills.filter(({ state }) => state === "accepted" || state === "cooking")
  const done = bills.filter(({ state }) => hasEnded(state)).reverse()
  paintColumn("#new", fresh, options)
  paintColumn("#works", works, options)
  paintColumn("#done", done.slice(0, doneShown), options)
}

function paintColumn(column: string, bills: readonly BillRecord[], options: RailOptions): void {
  const list = find(`${column} .slips`)
  const before = byLook(list)
  place(
    list,
    bills.map((bill) => {
      const look = `${bill.bill} ${bill.placedAt} ${bill.version} ${options.isSending(bill.bill)} ${language()}`
      return before.get(look) ?? slip(bill, look, options)
    }),
  )
  find(`${column} h2 b`).textContent = bills.length > 0 ? String(bills.length) : ""
  find(`${column} .none`).hidden = bills.length > 0
}

function slip(bill: BillRecord, look: string, { isSending, act }: RailOptions): HTMLElement {
  const { state } = bill
  const saying = isSending(bill.bill)
  return element(
    "li",
    {
      class: "slip",
      "data-bill": bill.bill,
      "data-number": bill.number,
      "data-state": state,
      "data-reminded": bill.reminders > 0,
      "data-look": look,
      "data-fresh": bill.version === 1 && !saying,
    },
    element(
      "header",
      {},
      element("b", { class: "number" }, String(bill.number).padStart(3, "0")),
      element(
        "span",
        { class: "state" },
        translate(stateWord(bill)),
        bill.by === null ? "" : ` · ${translate("by", { kitchen: bill.by })}`,
      ),
      element(
        "time",
        { "data-ms": bill.placedAt },
        hasEnded(state) ? timeOf(bill.changedAt) : agoOf(bill.placedAt),
      ),
    ),
    state === "placed" &&
      bill.reminders > 0 &&
      element("p", { class: "late", "data-ms": bill.placedAt }, lateWords(bill.placedAt)),
    element(
      "ul",
      { class: "dishes" },
      ...bill.dishes.map((dish) => element("li", {}, element("b", {}, `${dish.count} ×`), " ", nameOf(dish))),
    ),
    bill.note !== "" && element("p", { class: "note" }, bill.note),
    bill.reason !== null &&
      element("p", { class: "reason" }, isWord(bill.reason) ? translate(bill.reason) : bill.reason),
    !hasEnded(state) &&
      element(
        "p",
        { class: "who" },
        `${bill.name} · ${bill.telephone}`,
        element("br"),
        bill.address,
        " · ",
        element("b", {}, money(bill.total)),
      ),
    offers[state].length > 0 &&
      element(
        "p",
        { class: "acts" },
        ...offers[state].map((offer, at) =>
          element(
            "button",
            {
              type: "button",
              class: at === 0 ? "main" : offer,
              "data-act": offer,
              disabled: saying,
              onclick: () => act(bill, offer),
            },
            at === 0 && saying ? translate("telling") : translate(offer as "accept"),
          ),
        ),
      ),
  )
}

const lateWords = (placedAt: number): string =>
  translate("late", { seconds: Math.floor((Date.now() - placedAt) / 1000) })

/** A second has passed. */
export function tickRail(): void {
  for (const time of document.querySelectorAll<HTMLElement>(".slip:not([data-state=handed]) time[data-ms]")) {
    const { state } = (time.closest(".slip") as HTMLElement).dataset
    if (!hasEnded(state as BillState)) time.textContent = agoOf(Number(time.dataset["ms"]))
  }
  for (const late of document.querySelectorAll<HTMLElement>(".late[data-ms]"))
    late.textContent = lateWords(Number(late.dataset["ms"]))
}
