// The form that makes a sale: reads what was filled in, and sends it as the API wants it.
import { type Ask, Refused } from "../ask.ts"
import type { OperatorView } from "../../model/wire/api.ts"
import { find, write } from "./panels.ts"

interface NewSaleOptions {
  readonly ask: Ask
  /** The server's clock: sales start by it. */
  readonly now: () => number
  readonly made: (sale: OperatorView) => void
}

export function startNewSale({ ask, now, made }: NewSaleOptions): void {
  const dialog = find<HTMLDialogElement>("new-sale")
  const form = find<HTMLFormElement>("new-form")
  find("new").addEventListener("click", () => dialog.showModal())
  find("new-cancel").addEventListener("click", () => dialog.close())
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    void ask<OperatorView>("POST", "/api/operator/sales", { body: settingsIn(form, now()) })
      .then((sale) => {
        write(find("new-said"), "")
        dialog.close()
        made(sale)
      })
      .catch((error: unknown) => {
        write(find("new-said"), error instanceof Refused ? error.message : String(error))
      })
  })
}

function settingsIn(form: HTMLFormElement, now: number) {
  const given = new FormData(form)
  const text = (name: string): string => {
    const value = given.get(name)
    return typeof value === "string" ? value : ""
  }
  const number = (name: string): number => Number(text(name))
  const startsAt = now + number("startsIn") * 1000
  const mode = text("mode")
  return {
    // Unique, short, and in the order of making.
    id: `sale-${Math.floor(now / 1000).toString(36)}`,
    title: text("title"),
    items: [
      { id: "item", title: text("title"), stock: number("stock"), price: Math.round(number("price") * 100) },
    ],
    mode,
    startsAt,
    ...(mode === "lottery" && { drawAt: startsAt + number("drawIn") * 1000 }),
    payBySeconds: number("payBySeconds"),
    offerSeconds: number("offerSeconds"),
    inflowPerSecond: text("inflow") === "" ? null : number("inflow"),
    factor: number("factor"),
  }
}
