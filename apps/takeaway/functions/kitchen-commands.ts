// What a kitchen can say over its socket, and what comes of it. Two spellings, one meaning: JSON from our page, plain text
// from a page of the first takeaway.
import { changeBill } from "../database/change-bill.ts"
import { setShopOpen } from "../database/shops.ts"
import type { Takeaway } from "../http/takeaway.ts"
import { type Act, type BillRecord, isBillNumber, isKitchenAct, reasonCharactersMax } from "../model/bill.ts"

type KitchenCommand =
  | { readonly do: "open" | "close" | "ping" }
  | {
      readonly do: Act
      readonly bill: number
      /** Which kitchen says it: a label that its people chose, shown to the others. */
      readonly by: string | null
      readonly reason: string | null
    }

/** What is answered to the kitchen that spoke. All of them hear of what changed on their channel. */
interface CommandResult {
  readonly outcome: "done" | "already" | "not_now" | "no_such_bill" | "not_understood"
  readonly bill?: BillRecord
}

const labelCharactersMax = 20

/** `{"do": "accept", "bill": 12, "by": "front"}`; null when it is no command of ours. */
export function readCommand(text: string): KitchenCommand | null {
  let said: Record<string, unknown>
  try {
    said = JSON.parse(text) as Record<string, unknown>
  } catch {
    return null
  }
  if (typeof said !== "object" || said === null) return null
  const { do: what, bill, by, reason } = said
  if (what === "open" || what === "close" || what === "ping") return { do: what }
  if (typeof what !== "string" || !isKitchenAct(what) || !isBillNumber(bill)) return null
  return { do: what, bill, by: label(by), reason: short(reason, reasonCharactersMax) }
}

/** A page of the first desk: `shop1`, `shop1;online`, `shop1;offline`, `ping`; and for bills `shop1;accept;12`. */
export function readPlainCommand(
  text: string,
): { readonly shop: string | null; readonly command: KitchenCommand } | null {
  if (text.trim() === "ping") return { shop: null, command: { do: "ping" } }
  const [shop = "", what = "online", bill = "", reason = ""] = text.split(";").map((part) => part.trim())
  if (shop === "" || shop.length > 50) return null
  if (what === "online") return { shop, command: { do: "open" } }
  if (what === "offline") return { shop, command: { do: "close" } }
  if (!isKitchenAct(what) || !/^\d{1,9}$/.test(bill)) return null
  return {
    shop,
    command: { do: what, bill: Number(bill), by: null, reason: short(reason, reasonCharactersMax) },
  }
}

const label = (value: unknown): string | null => short(value, labelCharactersMax)

function short(value: unknown, charactersMax: number): string | null {
  if (typeof value !== "string") return null
  return (
    value
      .replace(/\p{Cc}+/gu, " ")
      .trim()
      .slice(0, charactersMax) || null
  )
}

/** Does what a kitchen of the shop has said. */
export async function carryOut(
  takeaway: Takeaway,
  shop: string,
  command: KitchenCommand,
): Promise<CommandResult> {
  if (!("bill" in command)) {
    if (command.do === "ping") return { outcome: "already" }
    const isNews = await setShopOpen(takeaway.database, shop, command.do === "open")
    if (isNews) takeaway.wake()
    return { outcome: isNews ? "done" : "already" }
  }
  const { bill, by, reason, do: act } = command
  const changed = await changeBill(takeaway.database, {
    bill,
    act,
    of: { shop },
    by,
    reason: act === "refuse" ? reason : null,
    now: takeaway.clock(),
  })
  if (changed.outcome === "done") takeaway.wake()
  return changed
}
