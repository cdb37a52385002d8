// A buyer's page in a real browser: somebody of their own, in a context of their own, with a network that can be bad.
import { expect } from "bun:test"
import { mkdir } from "node:fs/promises"
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core"
import { BadProxy, type BadProxyManners } from "../../../test/support/bad-proxy.ts"
import { eventually } from "../../../test/support/eventually.ts"
import type { SceneName } from "../pages/buyer/scene.ts"
import type { ShopProcess } from "./shop-process.ts"

/** A slow machine gets there within; what is longer hangs. */
const sceneMsMax = 45_000

/** Where pictures go, when somebody wants to look at what was tested. */
const pictures = process.env["LABA_SHOTS"]

export interface BuyerPageOptions extends BrowserContextOptions {
  readonly user: string
  readonly sale: string
  /** What stands between this browser and Laba. */
  readonly manners?: BadProxyManners
}

export class BuyerPage implements AsyncDisposable {
  readonly page: Page
  /** What the page's scripts have failed with. */
  readonly errors: string[] = []
  private readonly context: BrowserContext
  private readonly proxy: BadProxy
  private isOffline = false

  private constructor(context: BrowserContext, page: Page, proxy: BadProxy) {
    this.context = context
    this.page = page
    this.proxy = proxy
    page.on("pageerror", (error) => this.errors.push(String(error)))
  }

  static async open(browser: Browser, shop: ShopProcess, options: BuyerPageOptions): Promise<BuyerPage> {
    const { user, sale, manners = {}, ...rest } = options
    const proxy = await BadProxy.start(Number(new URL(shop.labaUrl).port), manners)
    // The page's policy names Laba; here Laba is behind the proxy.
    const context = await browser.newContext({
      locale: "en",
      bypassCSP: true,
      viewport: { width: 390, height: 844 },
      ...rest,
    })
    context.setDefaultTimeout(sceneMsMax)
    await context.addInitScript(() =>
      localStorage.setItem("laba.language", navigator.language.slice(0, 2) === "zh" ? "zh-CN" : "en"),
    )
    let buyer: BuyerPage | null = null
    await context.route(/\/api\/(listen|sales)/, async (route) => {
      // What is asked from here would get through while the browser is cut off.
      if (buyer?.isOffline) return route.abort().catch(() => {})
      try {
        const answer = await route.fetch()
        if (buyer?.isOffline) return await route.abort()
        const body = (await answer.text()).replaceAll(shop.labaUrl, proxy.base)
        await route.fulfill({ response: answer, body })
      } catch {
        // The shop is down, or the page has gone.
        await route.abort().catch(() => {})
      }
    })
    const page = await context.newPage()
    buyer = new BuyerPage(context, page, proxy)
    await page.goto(`${shop.url}/sales/${sale}`)
    await buyer.becomes(user)
    return buyer
  }

  /** Takes a name, and waits until the page hears as that buyer. */
  async becomes(user: string): Promise<void> {
    await this.page.waitForFunction(() => document.querySelector<HTMLInputElement>("#user")?.value !== "")
    await this.page.fill("#user", user)
    await this.page.press("#user", "Enter")
    await this.page.waitForFunction(
      (name) => document.querySelector<HTMLElement>("#holder")?.textContent === name,
      user,
    )
    await this.hears()
  }

  /** Waits until the connection is live, and answers by what. */
  async hears(): Promise<string> {
    // In one look: it may be lost again before a second one.
    const found = await this.page.waitForFunction(() => {
      const { state, transport } = (document.querySelector("#connection") as HTMLElement).dataset
      return state === "open" && transport
    })
    return (await found.jsonValue()) || ""
  }

  async scene(...names: SceneName[]): Promise<SceneName> {
    try {
      const found = await this.page.waitForFunction((wanted) => {
        const shown = document.querySelector("main")?.dataset["scene"]
        return shown !== undefined && wanted.includes(shown) && shown
      }, names as string[])
      return (await found.jsonValue()) as SceneName
    } catch (cause) {
      const shown = await this.page.getAttribute("main", "data-scene")
      throw new Error(`The page shows ${shown} and not ${names.join(" or ")}.`, { cause })
    }
  }

  press(what: "primary" | "secondary" | "keep-waiting" | "keep-leave"): Promise<void> {
    return this.page.click(`#${what}`)
  }

  /** Waits until this stands there, or matches. */
  async shows(
    what: "number" | "board" | "detail" | "keep-detail" | "primary" | "price",
    text: string | RegExp,
  ): Promise<void> {
    await eventually(async () => {
      const shown = await this.page.textContent(`#${what}`)
      if (typeof text === "string") expect(shown).toBe(text)
      else expect(shown).toMatch(text)
    })
  }

  /** Makes the screen so wide, and waits until nothing is wider. */
  async fits(width: number): Promise<void> {
    await this.page.setViewportSize({ width, height: 800 })
    await eventually(async () => {
      const tooWide = await this.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      expect([width, tooWide]).toEqual([width, 0])
    })
  }

  /** Presses "pay", and answers the payment page that opens. */
  async opensPayment(): Promise<Page> {
    const opened = this.page.waitForEvent("popup")
    await this.press("primary")
    const payment = await opened
    await payment.waitForSelector("#pay")
    return payment
  }

  /** Pays, and answers what the payment page says. */
  async pays(payment?: Page): Promise<string> {
    const page = payment ?? (await this.opensPayment())
    await page.click("#pay")
    const found = await page.waitForFunction(() => {
      const said = document.querySelector("#said")?.textContent ?? ""
      return said !== "open" && said
    })
    return (await found.jsonValue()) || ""
  }

  /** Nothing passes any more, in either direction. */
  async cutNetwork(): Promise<void> {
    this.isOffline = true
    this.proxy.isDown = true
    this.proxy.cut()
    await this.context.setOffline(true)
  }

  /** The shop is there, and no transport leads to Laba. */
  cutLaba(): void {
    this.proxy.isDown = true
    this.proxy.cut()
  }

  async restoreNetwork(): Promise<void> {
    this.isOffline = false
    this.proxy.isDown = false
    await this.context.setOffline(false)
  }

  async picture(name: string): Promise<void> {
    if (!pictures) return
    await mkdir(pictures, { recursive: true })
    await this.page.screenshot({ path: `${pictures}/${name}.png` })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close()
    await this.proxy[Symbol.asyncDispose]()
  }
}
