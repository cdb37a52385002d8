// Brings a page into a state: the shop answers so, and what is pressed is pressed.
import type { Page } from "playwright-core"
import { answersOf, type BuyerState, type Kind } from "./buyer-states.ts"
import { operatorAnswers, type OperatorState } from "./operator-states.ts"
import type { StandInShop } from "./stand-in-shop.ts"

/** States in which nobody listens. */
const deaf: ReadonlySet<string> = new Set(["loading", "missing", "own-login"])

export async function showBuyerState(
  page: Page,
  shop: StandInShop,
  { state, kind }: { readonly state: BuyerState; readonly kind: Kind },
): Promise<void> {
  shop.answers = answersOf(state, kind, shop)
  await page.goto(`${shop.url}/sales/sale`)
  if (!deaf.has(state.name)) await page.waitForSelector("#connection[data-state=open]")
  await state.act?.(page, async (changed) => {
    shop.answers = answersOf({ ...state, ...changed }, kind, shop)
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")))
  })
  await page.waitForSelector(`main[data-scene=${state.scene}]`)
}

export async function showOperatorState(page: Page, shop: StandInShop, state: OperatorState): Promise<void> {
  shop.answers = operatorAnswers(state, shop.labaUrl)
  await page.goto(`${shop.url}/operator${state.isLoggedOut ? "" : "#key=key"}`)
  await page.waitForSelector(state.isLoggedOut ? "#login:not([hidden])" : "#main:not([hidden])")
  await state.act?.(page, (changed) => {
    shop.answers = operatorAnswers({ ...state, ...changed }, shop.labaUrl)
  })
  // What it looks at comes once a second.
  await page.waitForTimeout(400)
}

/** How many pixels something is wider than the screen. */
export const overflowOf = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
