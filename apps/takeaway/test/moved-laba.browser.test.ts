// The desk is started again, and its Laba is at another address than before: a customer's page and a kitchen's, open all the time, find it.
import { expect, test } from "bun:test"
import { hasChromium, launchChromium } from "../../../test/support/chromium.ts"
import { demoPassword, TakeawayProcess } from "./takeaway-process.ts"

test.skipIf(!hasChromium)(
  "pages that are open hear again after a restart that moved Laba",
  async () => {
    await using desk = await TakeawayProcess.start()
    const browser = await launchChromium()
    await using _ = { [Symbol.asyncDispose]: () => browser.close() }
    const open = async (path: string) => {
      const page = await (await browser.newContext({ locale: "en" })).newPage()
      page.setDefaultTimeout(60_000)
      await page.goto(desk.url + path)
      return page
    }
    const kitchen = await open("/kitchen")
    await kitchen.waitForSelector("#login option[value=shop1]", { state: "attached" })
    await kitchen.fill("#login [name=password]", demoPassword)
    await kitchen.click("#login [type=submit]")
    const pages = [kitchen, await open("/")]
    for (const page of pages) await page.waitForSelector("#line[data-state=live]")
    const before = desk.labaUrl
    await desk.killDesk()
    for (const page of pages) await page.waitForSelector("#line[data-state=away]")
    desk.labaUrl = ""
    await desk.startDesk()
    expect(desk.labaUrl).not.toBe(before)
    for (const page of pages) await page.waitForSelector("#line[data-state=live]")
  },
  180_000,
)
