// The demos' pages as axe sees them, with something on them.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test"
import type { Browser, Page } from "playwright-core"
import { findingsOn } from "../../../test/support/accessibility.ts"
import { hasChromium, launchChromium } from "../../../test/support/chromium.ts"
import { startAlerts } from "../../alerts/test/running-alerts.ts"
import { ShopProcess } from "../../flash-sale/test/shop-process.ts"
import { demoPassword, TakeawayProcess } from "../../takeaway/test/takeaway-process.ts"

/** Some seconds a page, and a busy machine takes its time. */
setDefaultTimeout(240_000)

describe.skipIf(!hasChromium)("axe has nothing to say against", () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
  })

  async function open(url: string): Promise<Page & AsyncDisposable> {
    const context = await browser.newContext({ locale: "en", reducedMotion: "reduce" })
    const page = await context.newPage()
    page.setDefaultTimeout(60_000)
    await page.goto(url)
    return Object.assign(page, { [Symbol.asyncDispose]: () => context.close() })
  }

  test("the takeaway's pages: a customer's, the login, a kitchen's, their dialogs", async () => {
    await using desk = await TakeawayProcess.start({ args: ["--grace-seconds", "600"] })
    await using kitchen = await open(`${desk.url}/kitchen`)
    await kitchen.waitForSelector("#login option[value=shop1]", { state: "attached" })
    expect(await findingsOn(kitchen)).toEqual([])
    await kitchen.fill("#login [name=password]", demoPassword)
    await kitchen.click("#login [type=submit]")
    await kitchen.waitForSelector(".lamp[data-open=true]")
    await using customer = await open(desk.url)
    await customer.click("[data-shop=shop1][data-open=true]")
    await customer.click('[data-step="egg 1"]')
    await customer.click("#basket button")
    await customer.click("#order [type=submit]")
    await customer.waitForSelector("#order [aria-invalid=true]")
    expect(await findingsOn(customer)).toEqual([])
    await customer.fill("#order [name=name]", "Ann")
    await customer.fill("#order [name=address]", "1 Long Street")
    await customer.fill("#order [name=telephone]", "13800000000")
    await customer.click("#order [type=submit]")
    await customer.waitForSelector("#bills .slip")
    await kitchen.waitForSelector(".rail .slip")
    expect(await findingsOn(customer)).toEqual([])
    expect(await findingsOn(kitchen)).toEqual([])
    await kitchen.click("[data-act=refuse]")
    expect(await findingsOn(kitchen)).toEqual([])
  })

  test("the alerts' three pages", async () => {
    await using alerts = await startAlerts()
    await alerts.pay("Ada", "+8613800138000")
    await alerts.until(({ texts, letters }) => texts?.length === 1 && letters?.length === 1)
    for (const path of ["/", "/deploys", "/heart"]) {
      await using page = await open(alerts.url + path)
      await page.waitForSelector("h1")
      expect([path, ...(await findingsOn(page))]).toEqual([path])
    }
  })

  test("the flash sale's pages: a buyer's, the operator's and their login", async () => {
    await using shop = await ShopProcess.start()
    const sale = { id: "one", title: "A sale", items: [{ id: "i", title: "A thing", stock: 1, price: 1 }] }
    await shop.operator("POST", "/sales", { ...sale, startsAt: Date.now() })
    await using buyer = await open(`${shop.url}/sales/one`)
    await buyer.waitForFunction(() => document.querySelector<HTMLInputElement>("#user")?.value !== "")
    expect(await findingsOn(buyer)).toEqual([])
    await using operator = await open(`${shop.url}/operator`)
    await operator.waitForSelector("#login:not([hidden])")
    expect(await findingsOn(operator)).toEqual([])
    await operator.fill("#key", shop.operatorKey)
    await operator.click("#login .main-button")
    await operator.waitForSelector("#main:not([hidden])")
    expect(await findingsOn(operator)).toEqual([])
    await operator.click("#new")
    expect(await findingsOn(operator)).toEqual([])
  })
})
