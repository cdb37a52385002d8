// Every state of the pages, of a sale of one item and of several, on a small phone: it is reached, nothing is wider than the screen, and
// no script fails. `test/pictures/take.ts` makes pictures of the same.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test"
import type { Browser, BrowserContext, Page } from "playwright-core"
import { findingsOn } from "../../../test/support/accessibility.ts"
import { hasChromium, launchChromium } from "../../../test/support/chromium.ts"
import { eventually } from "../../../test/support/eventually.ts"
import { buyerStates, kindsOf } from "./pictures/buyer-states.ts"
import { operatorStates } from "./pictures/operator-states.ts"
import { overflowOf, showBuyerState, showOperatorState } from "./pictures/show-state.ts"
import { StandInShop } from "./pictures/stand-in-shop.ts"

setDefaultTimeout(90_000)

const size = { width: 320, height: 640 }

function stateOf<State extends { readonly name: string }>(states: readonly State[], name: string): State {
  const found = states.find((state) => state.name === name)
  if (!found) throw new Error(`There is no state ${name}.`)
  return found
}

describe.skipIf(!hasChromium)("on a small phone", () => {
  let shop: StandInShop
  let browser: Browser
  let context: BrowserContext
  beforeAll(async () => {
    ;[shop, browser] = await Promise.all([StandInShop.start(), launchChromium()])
    context = await browser.newContext({ locale: "en", viewport: size })
    context.setDefaultTimeout(45_000)
  })
  afterAll(async () => {
    await browser?.close()
    await shop?.[Symbol.asyncDispose]()
  })

  async function fits(show: (page: Page) => Promise<void>): Promise<void> {
    await using page = await context
      .newPage()
      .then((made) => Object.assign(made, { [Symbol.asyncDispose]: () => made.close() }))
    const errors: string[] = []
    page.on("pageerror", (error) => errors.push(String(error)))
    await show(page)
    expect(await overflowOf(page)).toBe(0)
    expect(errors).toEqual([])
  }

  const buyers = buyerStates.flatMap((state) => kindsOf(state).map((kind) => ({ ...state, state, kind })))

  test.each(buyers)("the buyer's page shows $name, of $kind", async ({ state, kind }) => {
    await fits((page) => showBuyerState(page, shop, { state, kind }))
  })

  test.each(operatorStates)("the operator's page shows $name", async (state) => {
    await fits((page) => showOperatorState(page, shop, state))
  })

  test("axe has nothing to say against a list of items, a page before the first sale, and refunds", async () => {
    for (const name of ["open-one-gone", "open-chosen-gone"]) {
      const state = stateOf(buyerStates, name)
      await fits(async (page) => {
        await showBuyerState(page, shop, { state, kind: "several" })
        expect([name, await findingsOn(page)]).toEqual([name, []])
        await page.setViewportSize(size)
      })
    }
    for (const name of ["no-sale", "refunds"])
      await fits(async (page) => {
        await showOperatorState(page, shop, stateOf(operatorStates, name))
        expect([name, await findingsOn(page)]).toEqual([name, []])
        await page.setViewportSize(size)
      })
  })

  test("who has no login at a shop with one of its own looks on, and is told where to go", async () => {
    const state = stateOf(buyerStates, "own-login")
    await fits(async (page) => {
      await showBuyerState(page, shop, { state, kind: "one" })
      await page.waitForSelector("#primary", { state: "hidden" })
      expect(await page.textContent("#notice")).toContain("Log in at the shop first")
    })
  })

  test("a refund that the provider refuses is settled, or tried again, at a press", async () => {
    const state = stateOf(operatorStates, "refunds")
    await fits(async (page) => {
      await showOperatorState(page, shop, state)
      await page.waitForSelector("#refunds:not([hidden])")
      expect(await page.textContent("#refunds-list li")).toContain("¥199.00")
      await page.click("#refunds-list li:first-child button:nth-of-type(1)")
      await page.click("#refunds-list li:last-child button:nth-of-type(2)")
      await eventually(async () => {
        expect(shop.asked).toContain("POST /api/operator/refunds/pay_8f2c1/settle")
        expect(shop.asked).toContain("POST /api/operator/refunds/pay_77b03/retry")
      })
    })
  })
})
