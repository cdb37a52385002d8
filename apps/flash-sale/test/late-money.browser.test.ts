// Money that comes in the last second, without a word, or when its order has ended, as the buyer sees it: paid, a unit while
// there is one, else the money back.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { Browser } from "playwright-core"
import { hasChromium, launchChromium } from "../../../test/support/chromium.ts"
import { BuyerPage } from "./buyer-page.ts"
import { type PretendProviderServer, startPretendProvider } from "./pretend-provider-server.ts"
import { ShopProcess, until } from "./shop-process.ts"

const testMsMax = 120_000
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

  async function freshSale(id: string, given: Record<string, unknown> = {}): Promise<string> {
    const answer = await shop.operator("POST", "/sales", {
      id,
      title: "A sale",
      startsAt: Date.now(),
      items: [{ id: "i", title: "Moonlight lantern", stock: 1, price: 4200 }],
      payBySeconds: 12,
      offerSeconds: 300,
      ...given,
    })
    expect(answer.status).toBe(201)
    return id
  }

  test.concurrent(
    "money in the last second, of which nobody tells, is found before the unit goes on: the screen says paid",
    async () => {
      const sale = await freshSale("last-second")
      const order = `${sale}.1`
      payments.untold.add(order)
      payments.unseen.add(order)
      // The provider takes money until it has closed the trade. It is held just before, so that this is in time on any machine.
      const letClose = payments.holdClose(order)
      await using ann = await BuyerPage.open(browser, shop, { user: "ann", sale })
      await ann.press("primary")
      await ann.scene("won")
      const payment = await ann.opensPayment()
      await ann.page.waitForFunction(
        () =>
          /^00:0[01]$/.test(document.querySelector("#board")?.textContent ?? "") ||
          document.querySelector("main")?.dataset["scene"] !== "won",
      )
      expect(await ann.pays(payment)).toContain("paid")
      await ann.picture("last-second")
      letClose()
      await ann.scene("paid")
      expect(shop.findings()).toEqual([])
    },
    testMsMax,
  )

  test.concurrent(
    "a moment later the trade is closed: nothing is taken, and the screen says unpaid",
    async () => {
      const sale = await freshSale("a-moment-late")
      await using ann = await BuyerPage.open(browser, shop, { user: "ann", sale })
      await ann.press("primary")
      await ann.scene("won")
      const payment = await ann.opensPayment()
      await until(
        async () => payments.provider.trades.get(`${sale}.1`)?.state,
        (state) => state === "closed",
        testMsMax,
      )
      expect(await ann.pays(payment)).toContain("closed")
      await ann.scene("unpaid")
      await ann.picture("a-moment-late")
      expect(payments.provider.trades.get(`${sale}.1`)?.payment).toBeNull()
      expect(shop.findings()).toEqual([])
    },
    testMsMax,
  )

  test.concurrent(
    "money of which nobody tells is found long before its time is up",
    async () => {
      const sale = await freshSale("untold", { payBySeconds: 3600 })
      payments.untold.add(`${sale}.1`)
      await using ann = await BuyerPage.open(browser, shop, { user: "ann", sale })
      await ann.press("primary")
      await ann.scene("won")
      const payment = await ann.opensPayment()
      expect(await ann.pays(payment)).toContain("paid")
      await ann.scene("paid")
      expect(shop.findings()).toEqual([])
    },
    testMsMax,
  )

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
