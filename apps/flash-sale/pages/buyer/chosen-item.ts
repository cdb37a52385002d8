// Which item of a sale a press of the button buys. Where there are several it is the one that was chosen, and never another: what is
// sold out meanwhile has to be chosen anew by the buyer.
import type { TicketRecord } from "../../model/wire/api.ts"
import type { SaleView, SaleSnapshot as Standing } from "../../model/wire/api.ts"

type ItemStanding = Standing["items"][number]

interface ItemFacts {
  readonly sale: SaleView | null | undefined
  readonly standing: Standing | null
  readonly ticket: TicketRecord | null
  readonly wanted: string | null
}

/** How an item stands; null while that is not known, or for none. */
export const standingOf = (
  { standing }: Pick<ItemFacts, "standing">,
  item: string | null,
): ItemStanding | null => standing?.items.find(({ id }) => id === item) ?? null

/** Whether an item cannot be had, now or later. */
export function isItemGone(facts: Pick<ItemFacts, "standing" | "ticket">, item: string): boolean {
  const { standing, ticket } = facts
  // A standing that is older than the word "sold out" does not know of it yet.
  if (ticket?.item === item && ticket.state === "sold_out" && (standing?.at ?? 0) <= ticket.at) return true
  return standingOf(facts, item)?.gone ?? false
}

/** Whether a sale has anything that can still be had. */
export const hasAnyLeft = (facts: ItemFacts): boolean =>
  !facts.sale || facts.sale.items.some(({ id }) => !isItemGone(facts, id))

/** What a press buys; null when the buyer has to choose first. */
export function chosenItem(facts: ItemFacts): string | null {
  const items = facts.sale?.items ?? []
  const [only] = items
  const item = items.length === 1 ? only?.id : items.find(({ id }) => id === facts.wanted)?.id
  return item === undefined || isItemGone(facts, item) ? null : item
}

/** What stands chosen before anybody has chosen: the item of the last ticket while it can be had, else the first that is there, or may come back. */
export function firstChoice(facts: ItemFacts): string | null {
  const left = (facts.sale?.items ?? []).map(({ id }) => id).filter((id) => !isItemGone(facts, id))
  const own = left.find((id) => id === facts.ticket?.item)
  return own ?? left.find((id) => standingOf(facts, id)?.available !== 0) ?? left[0] ?? null
}
