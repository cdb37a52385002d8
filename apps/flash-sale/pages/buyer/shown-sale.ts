// Which sale a page is about: the one that its address names, else the one that is worth looking at.
import { ask } from "../ask.ts"
import type { SaleView } from "../../model/wire/api.ts"

/** The id of an open sale, or the next one, or the last; `-`, which none has, where there is no sale at all. */
export async function shownSale(): Promise<string> {
  const named = /^\/sales\/([^/]+)/.exec(location.pathname)?.[1]
  if (named !== undefined) return decodeURIComponent(named)
  const { sales } = await ask<{ sales: SaleView[] }>("GET", "/api/sales")
  const alive = sales.filter(
    ({ standing }) => standing.phase !== "closed" && !standing.items.every((item) => item.gone),
  )
  const byStart = alive.toSorted((a, b) => a.startsAt - b.startsAt)
  const shown = byStart[0] ?? sales.at(-1)
  leadTo(byStart.filter((sale) => sale !== shown))
  return shown?.id ?? "-"
}

/** Links to the others. */
function leadTo(sales: readonly SaleView[]): void {
  const links = sales.map(({ id, title }) =>
    Object.assign(document.createElement("a"), { href: `/sales/${id}`, textContent: title }),
  )
  document.getElementById("others")?.replaceChildren(...links)
}
