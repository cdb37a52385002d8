// A real shop and a browser, with sales and buyers made as a test wants them.
import { expect } from "bun:test"
import type { Browser } from "playwright-core"
import { launchChromium } from "../../../test/support/chromium.ts"
import { BuyerPage, type BuyerPageOptions } from "./buyer-page.ts"
import { ShopProcess, until } from "./shop-process.ts"

export class BuyerStage implements AsyncDisposable {
  readonly browser: Browser
  readonly shop: ShopProcess
  private sales = 0
  private buyers = 0

  private constructor(browser: Browser, shop: ShopProcess) {
    this.browser = browser
    this.shop = shop
  }

  static async start(): Promise<BuyerStage> {
    return new BuyerStage(...(await Promise.all([launchChromium(), ShopProcess.start()])))
  }

  /** A sale of one unit that is open, unless `given` says otherwise. */
  async freshSale(given: Record<string, unknown>): Promise<string> {
    const id = `sale-${++this.sales}`
    const answer = await this.shop.operator("POST", "/sales", {
      id,
      title: "A sale",
      startsAt: Date.now(),
      items: [{ id: "i", title: "Moonlight lantern", stock: 1, price: 4200 }],
      payBySeconds: 300,
      ...given,
    })
    expect(answer.status).toBe(201)
    if (given["startsAt"] === undefined)
      await until(
        () => this.phaseOf(id),
        (phase) => phase === "open",
      )
    return id
  }

  /** What an operator does with a sale: `pause`, `resume`, `close`. */
  async run(sale: string, what: string): Promise<void> {
    expect((await this.shop.operator("POST", `/sales/${sale}/${what}`)).status).toBe(200)
  }

  /** The page of a buyer who was not there before, unless `options` name one. */
  open(sale: string, options: Partial<BuyerPageOptions>): Promise<BuyerPage> {
    return BuyerPage.open(this.browser, this.shop, { user: `buyer-${++this.buyers}`, sale, ...options })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close()
    await this.shop[Symbol.asyncDispose]()
  }

  private async phaseOf(sale: string): Promise<string> {
    const view = (await (await this.shop.operator("GET", `/sales/${sale}`)).json()) as {
      standing: { phase: string }
    }
    return view.standing.phase
  }
}
