// Customers and kitchens in a real browser: an order from the opening of the shop to the handing over, while pages are
// reloaded, the network is cut and the desk is killed. Set LABA_SHOTS to a folder to keep pictures.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { Browser, BrowserContextOptions, Page } from "playwright-core"
import { BadProxy } from "../../../test/support/bad-proxy.ts"
import { hasChromium, launchChromium } from "../../../test/support/chromium.ts"
import { collectComplaints } from "../../../test/support/complaints.ts"
import { eventually } from "../../../test/support/eventually.ts"
import { demoPassword, TakeawayProcess } from "./takeaway-process.ts"

const testMs = 180_000

/** Where pictures go, when somebody wants to look at what was tested. */
const shots = process.env["LABA_SHOTS"]

async function shoot(name: string, ...pages: readonly Page[]): Promise<void> {
  if (!shots) return
  for (const [at, page] of pages.entries())
    await page.screenshot({ path: `${shots}/${name}-${at + 1}.png`, fullPage: true })
}

/** How long a page may take to show something, on a machine that is busy with something else. */
const showMsMax = 45_000

describe.skipIf(!hasChromium)("the pages of the takeaway desk", () => {
  let browser: Browser
  let desk: TakeawayProcess
  let proxy: BadProxy
  const complaints: string[] = []

  beforeAll(async () => {
    browser = await launchChromium()
    desk = await TakeawayProcess.start({
      labaApart: true,
      // Kitchens may take long to come back on a slow machine; the grace is tried elsewhere.
      args: ["--remind-seconds", "3", "--grace-seconds", "600"],
      async labaThrough(url) {
        proxy = await BadProxy.start(Number(new URL(url).port))
        return proxy.base
      },
    })
  }, testMs)
  afterAll(async () => {
    await browser?.close()
    await desk?.[Symbol.asyncDispose]()
    await proxy?.[Symbol.asyncDispose]()
  })

  /** Without motion: drawing it would take all of a small machine. */
  async function open(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ locale: "en", reducedMotion: "reduce", ...options })
    context.setDefaultTimeout(showMsMax)
    const page = await context.newPage()
    collectComplaints(page, complaints)
    await page.goto(desk.url + path)
    return page
  }

  async function kitchen(shop: string, label: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await open("/kitchen", { viewport: { width: 1100, height: 800 }, ...options })
    await page.waitForSelector(`#login option[value=${shop}]`, { state: "attached" })
    await page.selectOption("#login select", shop)
    await page.fill("#login [name=password]", demoPassword)
    await page.fill("#login [name=screen]", label)
    await page.setChecked("#login [name=opens]", false)
    await page.click("#login [type=submit]")
    await page.waitForSelector("#kitchen:not([hidden])")
    await page.waitForSelector("#line[data-state=live]")
    return page
  }

  async function openShop(page: Page): Promise<void> {
    if ((await page.getAttribute(".lamp", "data-open")) === "false") await page.click("#switch")
    await page.waitForSelector(".lamp[data-open=true]")
  }

  async function customer(shop: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await open("/", { viewport: { width: 390, height: 844 }, ...options })
    await page.click(`[data-shop=${shop}][data-open=true]`)
    await page.waitForSelector("#line[data-state=live]")
    return page
  }

  async function order(page: Page, name: string, dishes: readonly string[]): Promise<void> {
    for (const dish of dishes) await page.click(`[data-step="${dish} 1"]`)
    await page.click("#basket button")
    await page.fill("#order [name=name]", name)
    await page.fill("#order [name=address]", "1 Long Street, flat 12")
    await page.fill("#order [name=telephone]", "13800000000")
    await page.click("#order [type=submit]")
  }

  /** Which bills a page shows, each as often as it is there. */
  const shown = (page: Page, where: string): Promise<string[]> =>
    page.$$eval(`${where} .slip`, (slips) =>
      slips.map((slip) => `${slip.getAttribute("data-bill")} ${slip.getAttribute("data-state")}`),
    )

  /** Waits until what a page says at a place holds these words. */
  const says = (page: Page, where: string, words: string): Promise<void> =>
    eventually(async () => expect(await page.textContent(where)).toContain(words))

  /** Waits until a page shows these bills, in any order, and no others. */
  const shows = (page: Page, where: string, bills: readonly string[]): Promise<void> =>
    eventually(async () => expect((await shown(page, where)).sort()).toEqual([...bills].sort()))

  const newestBill = (page: Page): Promise<string> =>
    page.$eval("#bills .slip", (slip) => slip.getAttribute("data-bill") ?? "")

  async function act(page: Page, bill: string, what: string): Promise<void> {
    await page.click(`.rail [data-bill="${bill}"] [data-act=${what}]`)
  }

  const sees = (page: Page, bill: string, state: string) =>
    page.waitForSelector(`.slip[data-bill="${bill}"][data-state=${state}]`)

  const ringing = (page: Page, how: string) =>
    page.waitForFunction((wanted) => document.documentElement.dataset["ringing"] === wanted, how)

  test(
    "an order goes from the opening of the shop to the handing over, and everybody sees it live",
    async () => {
      const front = await kitchen("shop1", "front")
      const back = await kitchen("shop1", "back")
      const early = await open("/")
      await early.waitForSelector("[data-shop=shop1][data-open=false]")
      // Who came to look is shown the kitchen's door, for as long as nobody stands in any.
      await early.waitForSelector("#demo:not([hidden]) a[href='/kitchen']")
      await openShop(front)
      await back.waitForSelector(".lamp[data-open=true]")
      // Who was there before the shop opened sees it open.
      await early.waitForSelector("[data-shop=shop1][data-open=true]")
      await early.waitForSelector("#demo[hidden]", { state: "attached" })
      const [ann, bob] = [await customer("shop1"), await customer("shop1")]
      await order(ann, "Ann", ["egg", "egg", "beef"])
      await ann.waitForSelector("#bills .slip")
      const bill = await newestBill(ann)
      for (const page of [front, back]) {
        await sees(page, bill, "placed")
        await ringing(page, "soft")
      }
      await shoot("placed", ann, front, back)
      await act(back, bill, "see")
      for (const page of [front, back, ann]) await sees(page, bill, "seen")
      for (const page of [front, back]) await ringing(page, "silent")
      await says(front, `[data-bill="${bill}"] .state`, "by back")
      for (const [what, state] of [
        ["accept", "accepted"],
        ["cook", "cooking"],
        ["hand", "handed"],
      ] as const) {
        await act(front, bill, what)
        for (const page of [ann, back, front]) await sees(page, bill, state)
        await shoot(state, ann, front, back)
      }
      await says(ann, `[data-bill="${bill}"] .what`, "¥34")
      await order(bob, "Bob", ["soup"])
      await bob.waitForSelector("#bills .slip")
      const refused = await newestBill(bob)
      await act(back, refused, "refuse")
      await back.click("[data-reason=sold_out]")
      await sees(bob, refused, "refused")
      await says(bob, `[data-bill="${refused}"] .word`, "Sold out")
      await shows(ann, "#bills", [`${bill} handed`])
      await front.click("#switch")
      for (const page of [ann, bob]) await page.waitForSelector("[data-shop=shop1][data-open=false]")
      expect(complaints.splice(0)).toEqual([])
      for (const page of [front, back, early, ann, bob]) await page.context().close()
    },
    testMs,
  )

  test(
    "a bill at which nobody looks rings louder, and the customer is told so and may cancel",
    async () => {
      const front = await kitchen("shop3", "front")
      await openShop(front)
      const ann = await customer("shop3")
      await order(ann, "Ann", ["tea"])
      await ann.waitForSelector("#bills .slip")
      const bill = await newestBill(ann)
      await ringing(front, "loud")
      await front.waitForSelector(`[data-bill="${bill}"] .late`)
      await ann.waitForSelector(`[data-bill="${bill}"][data-reminded]`)
      await says(ann, `[data-bill="${bill}"] .word`, "rung again, louder")
      await shoot("louder", ann, front)
      await ann.click("#bills .cancel")
      await sees(front, bill, "cancelled")
      await ringing(front, "silent")
      expect(complaints.splice(0)).toEqual([])
      for (const page of [front, ann]) await page.context().close()
    },
    testMs,
  )

  test(
    "a reload, a cut network and a killed desk in the middle lose nothing and double nothing",
    async () => {
      const front = await kitchen("shop2", "front")
      const back = await kitchen("shop2", "back")
      await openShop(front)
      const [ann, bob] = [await customer("shop2"), await customer("shop2")]

      // The kitchen's page is away while a bill comes, and is opened again.
      await back.goto("about:blank")
      await order(ann, "Ann", ["mapo", "rice"])
      await ann.waitForSelector("#bills .slip")
      const first = await newestBill(ann)
      await back.goto(`${desk.url}/kitchen`)
      for (const page of [front, back]) await sees(page, first, "placed")

      // The network between everybody and Laba is cut; the order reaches the desk, and the kitchens when it is back.
      proxy.isDown = true
      proxy.cut()
      await front.waitForSelector("#line[data-state=away]")
      await order(bob, "Bob", ["dandan"])
      await bob.waitForSelector("#bills .slip")
      const second = await newestBill(bob)
      await shows(front, ".rail", [`${first} placed`])
      await shoot("cut", ann, bob, front, back)
      proxy.isDown = false
      for (const page of [front, back]) await sees(page, second, "placed")

      // The desk dies; an order and an acceptance are under way, and arrive when it is back.
      await desk.killDesk()
      await order(ann, "Ann", ["kungpao"])
      await ann.waitForSelector("#basket button[hidden]", { state: "attached" })
      await act(front, first, "accept")
      await desk.startDesk()
      for (const page of [front, back, ann]) await sees(page, first, "accepted")
      await ann.waitForFunction(() => document.querySelectorAll("#bills .slip").length === 2)
      const third = await newestBill(ann)

      // And the page is reloaded while an order is on its way: it was kept, and is sent once.
      await desk.killDesk()
      await order(bob, "Bob", ["rice"])
      await bob.waitForSelector("#basket button[hidden]", { state: "attached" })
      await desk.startDesk()
      await bob.reload()
      await bob.waitForFunction(() => document.querySelectorAll("#bills .slip").length === 2)
      const fourth = await newestBill(bob)

      await shoot("after-the-kills", ann, bob, front, back)
      const bills = [first, second, third, fourth]
      for (const page of [front, back])
        for (const bill of bills) await page.waitForSelector(`[data-bill="${bill}"]`)
      for (const bill of bills) {
        if (bill !== first) await act(back, bill, "accept")
        await sees(front, bill, "accepted")
        await act(front, bill, "cook")
        await sees(back, bill, "cooking")
        await act(back, bill, "hand")
        for (const page of [front, back]) await sees(page, bill, "handed")
      }
      const handed = (all: readonly string[]) => all.map((bill) => `${bill} handed`)
      for (const page of [front, back]) await shows(page, ".rail", handed(bills))
      for (const [page, mine] of [
        [ann, [first, third]],
        [bob, [second, fourth]],
      ] as const)
        await shows(page, "#bills", handed(mine))
      // What was refused while nothing was there is no error of the pages.
      expect(
        complaints.splice(0).filter((text) => !/Failed to load resource|WebSocket|ERR_/.test(text)),
      ).toEqual([])
      for (const page of [front, back, ann, bob]) await page.context().close()
    },
    testMs,
  )

  test(
    "an order that the shop cannot take says why, and keeps the basket",
    async () => {
      const front = await kitchen("shop1", "front")
      await openShop(front)
      const ann = await customer("shop1")
      await ann.click('[data-step="egg 1"]')
      await ann.click("#basket button")
      await ann.click("#order [type=submit]")
      const invalid = () =>
        ann.$$eval("#order [aria-invalid=true]", (fields) =>
          fields.map((field) => field.getAttribute("name")),
        )
      await says(ann, "#order .wrong", "Still missing: your name, the address, the telephone number.")
      expect(await invalid()).toEqual(["name", "address", "telephone"])
      await ann.fill("#order [name=name]", "Ann")
      await ann.click("#order [type=submit]")
      await says(ann, "#order .wrong", "Still missing: the address, the telephone number.")
      expect(await ann.evaluate(() => document.activeElement?.getAttribute("name"))).toBe("address")
      await ann.fill("#order [name=address]", "here")
      await ann.fill("#order [name=telephone]", "not a number")
      await ann.click("#order [type=submit]")
      await says(ann, "#order .wrong", "This cannot be read: the telephone number.")
      expect(await invalid()).toEqual(["telephone"])
      // A count before a sum must not read as the price of one.
      await eventually(async () => expect(await ann.textContent("#basket .count")).toBe("1 in your basket"))
      await eventually(async () => expect(await ann.textContent("#basket .total")).toBe("¥3"))
      for (const page of [front, ann]) await page.context().close()
      complaints.splice(0)
    },
    testMs,
  )

  test(
    "what somebody writes is shown as text, and never as markup",
    async () => {
      const front = await kitchen("shop1", "front")
      await openShop(front)
      const ann = await customer("shop1")
      const evil = "<img src=x onerror=alert(1)>"
      await order(ann, evil, ["egg"])
      await ann.waitForSelector("#bills .slip")
      const bill = await newestBill(ann)
      await sees(front, bill, "placed")
      await says(front, `[data-bill="${bill}"] .who`, evil)
      expect(await front.locator(".slip img").count()).toBe(0)
      await act(front, bill, "accept")
      await sees(ann, bill, "accepted")
      for (const page of [front, ann]) await page.context().close()
    },
    testMs,
  )

  test.each(["en", "zh-CN"])(
    "the pages fit every screen, in %s",
    async (locale) => {
      const ann = await open("/", { locale })
      await ann.waitForSelector("#menu .dishes")
      const outside = await open("/kitchen", { locale })
      await outside.waitForSelector("#login:not([hidden])")
      const front = await kitchen("shop1", "a long name indeed", { locale })
      const fits = async (page: Page) => {
        for (const width of [320, 390, 768, 1280]) {
          await page.setViewportSize({ width, height: 800 })
          await eventually(async () => {
            const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
            expect([page.url(), width, Math.max(0, tooWide)]).toEqual([page.url(), width, 0])
          })
        }
      }
      for (const page of [ann, outside, front]) await fits(page)
      // Who is cut off is told so, in a header that was full already.
      for (const page of [ann, front]) await page.waitForSelector("#line[data-state=live]")
      proxy.isDown = true
      proxy.cut()
      for (const page of [ann, front]) {
        await page.waitForSelector("#line[data-state=away]")
        await fits(page)
        await shoot(`away-${locale}`, page)
      }
      proxy.isDown = false
      for (const page of [ann, outside, front]) await page.context().close()
    },
    testMs,
  )
})
