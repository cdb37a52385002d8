// Money that comes when its order has ended, as the buyer sees it: a unit while there is one, else the money back.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { Browser } from "playwright-core"
import { hasChromium, launchChromium } from "../../../test/support/chromium.ts"
import { BuyerPage } from "./buyer-page.ts"
import { type PretendProviderServer, startPretendProvider } from "./pretend-provider-server.ts"
import { ShopProcess } from "./shop-process.ts"

const testMsMax = 60_000
const secret = "payment secret"

describe.skipIf(!hasChromium)("late money", () => {
  let browser: Browser
  let shop: ShopProcess
  let payments: PretendProviderServer
  beforeAll(async () => {
    payments = startPretendProvider(secret)
    ;[browser, shop] = await Promise.all([
      launchChromium(),
      ShopProcess.start({ args: ["--payments", payments.url], env: { FLASH_SALE_PAYMENT_SECRET: secret } }),
    ])
  }, testMsMax)
  afterAll(async () => {
    await browser?.close()
    await shop?.[Symbol.asyncDispose]()
    await payments?.[Symbol.asyncDispose]()
  })

  async function freshSale(id: string): Promise<string> {
    const answer = await shop.operator("POST", "/sales", {
      id,
      title: "A sale",
      startsAt: Date.now(),
      items: [{ id: "i", title: "Moonlight lantern", stock: 1, price: 4200 }],
      payBySeconds: 8,
      offerSeconds: 300,
    })
    expect(answer.status).toBe(201)
    return id
  }

  test.concurrent(
    "buys a unit that is still there: from unpaid the screen goes to paid",
    async () => {
      const sale = await freshSale("late-and-lucky")
      await using ann = await BuyerPage.open(browser, shop, { user: "ann", sale })
      await ann.press("primary")
      await ann.scene("won")
      const payment = await ann.opensPayment()
      await ann.scene("unpaid")
      payments.provider.breakItsWord(`${sale}.1`)
      expect(await ann.pays(payment)).toContain("paid")
      await ann.scene("paid")
      await ann.picture("late-and-lucky")
      expect(shop.findings()).toEqual([])
    },
    testMsMax,
  )

  test.concurrent(
    "goes back when the unit is somebody else's: the screen says refunded",
    async () => {
      const sale = await freshSale("late-and-refunded")
      await using ann = await BuyerPage.open(browser, shop, { user: "ann", sale })
      await using ben = await BuyerPage.open(browser, shop, { user: "ben", sale })
      await ann.press("primary")
      await ann.scene("won")
      await ben.press("primary")
      const payment = await ann.opensPayment()
      await ann.scene("unpaid")
      // On a slow machine it may have been free when he came.
      await ben.scene("offered", "won")
      payments.provider.breakItsWord(`${sale}.1`)
      expect(await ann.pays(payment)).toContain("paid")
      await ann.scene("refunded")
      await ann.picture("late-and-refunded")
      expect(shop.findings()).toEqual([])
    },
    testMsMax,
  )
})
