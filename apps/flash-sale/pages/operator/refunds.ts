// The panel of refunds that the payment provider has refused for good: each is settled by hand, or tried once more.
import { type Bilingual, localize } from "../../../kit/browser/language.ts"
import { element } from "../../../kit/browser/elements.ts"
import type { Ask } from "../ask.ts"
import { money } from "../figures.ts"
import type { OwedRefund } from "../../model/wire/api.ts"
import { find } from "./panels.ts"

export interface Refunds {
  /** Asks for them, now and then. */
  look(): Promise<void>
}

interface RefundsOptions {
  readonly ask: Ask
  /** Undefined for a sale whose books are put away. */
  readonly currencyOf: (sale: string) => string | undefined
  /** Does something, and says what came of it. */
  readonly act: (said: Bilingual, work: () => Promise<unknown>) => Promise<void>
}

/** They come by minutes and not by seconds. */
const lookMs = 5000

export function startRefunds({ ask, act, currencyOf }: RefundsOptions): Refunds {
  let lookedAt = -Infinity
  const refuse = (refund: OwedRefund): HTMLElement => {
    const move = (name: "settle" | "retry", words: Bilingual, said: Bilingual): HTMLElement => {
      const button = element("button", { type: "button", class: "quiet-button" }, localize(words))
      button.addEventListener("click", () => {
        lookedAt = -Infinity
        void act(said, () =>
          ask("POST", `/api/operator/refunds/${encodeURIComponent(refund.payment)}/${name}`),
        )
      })
      return button
    }
    const currency = currencyOf(refund.sale)
    return element(
      "li",
      {},
      element("b", {}, currency === undefined ? String(refund.amount) : money(refund.amount, currency)),
      element("span", {}, `${refund.sale}.${refund.number} · ${refund.payment}`),
      move("settle", ["Paid back by hand", "已手工退还"], ["It is settled.", "已结清。"]),
      move("retry", ["Try again", "再试一次"], ["It is tried once more.", "正在重试。"]),
    )
  }
  return {
    async look() {
      if (performance.now() < lookedAt + lookMs) return
      lookedAt = performance.now()
      const { refunds } = await ask<{ refunds: OwedRefund[] }>("GET", "/api/operator/refunds")
      const refused = refunds.filter(({ state }) => state === "refused")
      find("refunds").hidden = refused.length === 0
      find("refunds-list").replaceChildren(...refused.map(refuse))
    },
  }
}
