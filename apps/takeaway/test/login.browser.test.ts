// A kitchen's login in a real browser: what it says when it does not fit, and that the shop opens with it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { Browser, Page } from "playwright-core"
import { hasChromium, launchChromium } from "../../../test/support/chromium.ts"
import { collectComplaints } from "../../../test/support/complaints.ts"
import { eventually } from "../../../test/support/eventually.ts"
import { demoPassword, TakeawayProcess } from "./takeaway-process.ts"

const testMs = 120_000

describe.skipIf(!hasChromium)("the kitchen's login", () => {
  let browser: Browser
  let desk: TakeawayProcess
  const complaints: string[] = []
  beforeAll(async () => {
    browser = await launchChromium()
    desk = await TakeawayProcess.start({ args: ["--grace-seconds", "600"] })
  }, testMs)
  afterAll(async () => {
    await browser?.close()
    await desk?.[Symbol.asyncDispose]()
  })

  async function login(locale: string): Promise<Page> {
    const context = await browser.newContext({ locale, reducedMotion: "reduce" })
    const page = await context.newPage()
    collectComplaints(page, complaints)
    await page.goto(`${desk.url}/kitchen`)
    await page.waitForSelector("#login option[value=shop1]", { state: "attached" })
    return page
  }

  const says = (page: Page, where: string, words: string): Promise<void> =>
    eventually(async () => expect(await page.textContent(where)).toContain(words))

  test(
    "opens the shop, unless somebody says otherwise",
    async () => {
      const page = await login("en")
      await page.click("#login [type=submit]")
      await says(page, "#login .wrong", "The password is missing.")
      await page.fill("#login [name=password]", demoPassword)
      await page.click("#login [type=submit]")
      await page.waitForSelector(".lamp[data-open=true]")
      await eventually(async () => expect(await desk.isOpen("shop1")).toBe(true))
      await page.click("#switch")
      await page.waitForSelector(".lamp[data-open=false]")
      await page.click("#leave")

      await page.fill("#login [name=password]", demoPassword)
      await page.uncheck("#login [name=opens]")
      await page.click("#login [type=submit]")
      await page.waitForSelector("#line[data-state=live]")
      await page.waitForSelector(".lamp[data-open=false]")
      // A reload is no login: a shop that was closed on purpose stays closed.
      await page.reload()
      await page.waitForSelector("#line[data-state=live]")
      await page.waitForSelector(".lamp[data-open=false]")
      expect(await desk.isOpen("shop1")).toBe(false)
      expect(complaints.splice(0)).toEqual([])
      await page.context().close()
    },
    testMs,
  )

  test(
    "with a wrong password stays outside, and says why in the chosen language",
    async () => {
      const page = await login("zh-CN")
      await page.fill("#login [name=password]", "guessed")
      await page.click("#login [type=submit]")
      await says(page, "#login .wrong", "店铺和密码对不上。")
      await page.click("[data-language=en]")
      await says(page, "#login h1", "Which kitchen are you?")
      await page.reload()
      await page.waitForSelector("#login:not([hidden])")
      await says(page, "#login h1", "Which kitchen are you?")
      await page.context().close()
      complaints.splice(0)
    },
    testMs,
  )
})
