// The kitchen's page: opens and closes the shop, rings for new bills, and says what becomes of them.
import type { Laba } from "laba/client"
import { call, retryUntilAnswered } from "../../../kit/browser/api-calls.ts"
import { element, find } from "../../../kit/browser/elements.ts"
import type { BillRecord } from "../../model/bill.ts"
import { deskChannel, kitchenChannel, shopsChannel } from "../../model/channels.ts"
import type { ShopRecord } from "../../model/shop.ts"
import { Bell } from "./bell.ts"
import { BillCache } from "../bill-cache.ts"
import { startCommandSender } from "./command-sender.ts"
import { connectToLaba, follow } from "../laba-connection.ts"
import { inEachLanguage, nameOf, translate, startLanguages } from "../language.ts"
import { screenName, startLogin } from "./login-view.ts"
import { paintRail, tickRail } from "./rail.ts"
import { askReason } from "./refuse-dialog.ts"

interface Kitchen {
  /** Null for who has not logged in. */
  readonly shop: ShopRecord | null
  readonly bills: readonly BillRecord[]
  readonly laba: string
}

const cache = new BillCache()
const bell = new Bell()
let shop: ShopRecord | null = null
let connection: Laba | null = null

startLanguages()
const login = startLogin((opens) => {
  bell.wake()
  void refresh().then(() => {
    if (opens && shop && !shop.isOpen) commands.send("shop", { do: "open" })
  })
})

const askKitchen = (): Promise<Kitchen> => call<Kitchen>("GET", "/api/kitchen")

/** From the database: at the start, and whenever something may have been missed. */
async function refresh(): Promise<void> {
  const kitchen = await retryUntilAnswered(askKitchen)
  if (!kitchen.shop) {
    const wasHere = connection !== null
    leave()
    login.show(wasHere)
    return
  }
  login.hide()
  if (!shop || shop.version <= kitchen.shop.version) shop = kitchen.shop
  cache.putAll(kitchen.bills)
  connection ??= listen(kitchen.laba, kitchen.shop.shop)
  paint()
}

const commands = startCommandSender({
  said: (bill) => {
    if (cache.put(bill)) paint()
  },
  changed: () => paint(),
})

function listen(url: string, id: string): Laba {
  const laba = connectToLaba({
    url,
    tokenPath: "/api/kitchen/listen",
    where: async () => (await askKitchen()).laba,
    forgotten: () => void refresh(),
  })
  find("#line").hidden = false
  const hearBill = (data: unknown): void => {
    if (cache.put(data as BillRecord)) paint()
  }
  const hearShop = (data: unknown): void => {
    const news = data as ShopRecord
    if (!shop || news.shop !== shop.shop || news.version <= shop.version) return
    shop = news
    paint()
  }
  const followed = [
    { channel: kitchenChannel(id), hear: hearBill },
    { channel: shopsChannel, hear: hearShop },
  ]
  follow(laba, followed, () => void refresh())
  commands.sendOver(laba, deskChannel(id))
  return laba
}

function leave(): void {
  bell.ring("silent")
  cache.clear()
  shop = null
  connection?.close()
  connection = null
  find("#kitchen").hidden = true
  find("#line").hidden = true
}

function paint(): void {
  if (!shop) return
  const { isOpen } = shop
  find("#kitchen").hidden = false
  find("#shop").replaceChildren(nameOf(shop), element("small", {}, screenName()))
  find(".lamp").dataset["open"] = String(isOpen)
  find(".lamp b").textContent = translate(isOpen ? "open" : "closed")
  find(".lamp span").textContent = translate(isOpen ? "openNote" : "shutNote")
  const button = find<HTMLButtonElement>("#switch")
  button.className = isOpen ? "on-panel" : "main"
  button.textContent = translate(isOpen ? "closeShop" : "openShop")
  button.disabled = commands.isSending("shop")
  find("#trouble").hidden = !commands.isTroubled
  find("#trouble").textContent = translate("deskAway")
  const waiting = cache.all.filter(({ state }) => state === "placed")
  bell.ring(waiting.some(({ reminders }) => reminders > 0) ? "loud" : waiting.length > 0 ? "soft" : "silent")
  find("#sound").hidden = bell.isAwake
  document.title = `${waiting.length > 0 ? `(${waiting.length}) ` : ""}${nameOf(shop)} · ${translate("kitchenTitle")}`
  paintRail(cache.all, {
    isSending: (bill) => commands.isSending(String(bill)),
    act: (bill, act) => {
      if (act === "refuse") askReason(bill, (reason) => tell(bill, act, reason))
      else tell(bill, act, null)
    },
  })
}

function tell(bill: BillRecord, act: string, reason: string | null): void {
  bell.wake()
  commands.send(String(bill.bill), { do: act, bill: bill.bill, by: screenName() || null, reason })
}

find("#switch").addEventListener("click", () => {
  bell.wake()
  if (shop) commands.send("shop", { do: shop.isOpen ? "close" : "open" })
})
find("#sound button").addEventListener("click", () => {
  bell.wake()
  paint()
})
find("#leave").addEventListener("click", () => {
  void call("POST", "/api/kitchen/logout").finally(() => {
    leave()
    login.show(false)
  })
})
bell.onChange(paint)
inEachLanguage(paint)
setInterval(tickRail, 1000)
void refresh()
