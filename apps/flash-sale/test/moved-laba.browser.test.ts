// The shop is started again, and its Laba is at another address than before: pages that are open find it.
import { expect, test } from "bun:test"
import { hasChromium, launchChromium } from "../../../test/support/chromium.ts"
import { ShopProcess } from "./shop-process.ts"

test.skipIf(!hasChromium)(
  "a page that is open hears again after a restart that moved Laba and the payment service",
  async () => {
    await using shop = await ShopProcess.start()
    await shop.operator("POST", "/sales", {
      id: "s",
      title: "A sale",
      startsAt: Date.now(),
      items: [{ id: "i", title: "A thing", stock: 1, price: 100 }],
    })
    const browser = await launchChromium()
    await using _ = { [Symbol.asyncDispose]: () => browser.close() }
    const page = await browser.newPage({ locale: "en" })
    page.setDefaultTimeout(60_000)
    await page.goto(`${shop.url}/sales/s`)
    await page.waitForSelector("#connection[data-state=open]")
    await page.waitForSelector("main[data-scene=open]")
    const before = [shop.labaUrl, shop.paymentsUrl]
    await shop.kill()
    await page.waitForSelector("#connection:not([data-state=open])")
    shop.labaUrl = ""
    shop.paymentsUrl = ""
    await shop.start()
    expect([shop.labaUrl, shop.paymentsUrl]).not.toEqual(before)
    await page.waitForSelector("#connection[data-state=open]")
    await page.click("#primary")
    await page.waitForSelector("main[data-scene=won]")
    const opened = page.waitForEvent("popup")
    await page.click("#primary")
    await (await opened).click("#pay")
    await page.waitForSelector("main[data-scene=paid]")
  },
  180_000,
)
