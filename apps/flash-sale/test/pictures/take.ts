// Pictures of the flash sale's pages, in every state, of one item and of several, as a phone and a desk show them, in both languages:
// `node bin/bun.mjs apps/flash-sale/test/pictures/take.ts FOLDER [PART OF A NAME]`.
import { mkdir } from "node:fs/promises"
import type { Browser, BrowserContext, Page } from "playwright-core"
import { launchChromium } from "../../../../test/support/chromium.ts"
import { buyerStates, kindsOf } from "./buyer-states.ts"
import { operatorStates } from "./operator-states.ts"
import { overflowOf, showBuyerState, showOperatorState } from "./show-state.ts"
import { StandInShop } from "./stand-in-shop.ts"

const sizes = {
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true },
  desk: { viewport: { width: 1280, height: 800 } },
} as const

const languages = { en: "en", zh: "zh-CN" } as const

/** A guard against hanging. */
const stateMsMax = 20_000

interface Look {
  readonly size: keyof typeof sizes
  readonly language: keyof typeof languages
}

const looks: readonly Look[] = (["phone", "desk"] as const).flatMap((size) =>
  (["en", "zh"] as const).map((language) => ({ size, language })),
)

const [folder = "", only = ""] = process.argv.slice(2)
if (folder === "") throw new Error("Say into which folder.")
await mkdir(folder, { recursive: true })

await using shop = await StandInShop.start()
const browser = await launchChromium()

async function open(from: Browser, { size, language }: Look): Promise<BrowserContext> {
  const context = await from.newContext({
    ...sizes[size],
    locale: languages[language],
    // The page's policy lets nothing in that is not the shop's; a picture waits for nothing that moves.
    reducedMotion: "reduce",
    timezoneId: "Asia/Shanghai",
  })
  context.setDefaultTimeout(stateMsMax)
  return context
}

async function shoot(page: Page, name: string): Promise<void> {
  await page.waitForTimeout(150)
  const wider = await overflowOf(page)
  if (wider > 0) console.log(`${name} is ${wider} px wider than the screen`)
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true })
}

const failures: string[] = []

async function take(
  context: BrowserContext,
  name: string,
  show: (page: Page) => Promise<void>,
): Promise<void> {
  if (!name.includes(only)) return
  const page = await context.newPage()
  try {
    await show(page)
    await shoot(page, name)
  } catch (error) {
    failures.push(name)
    console.log(`${name}: ${String(error).split("\n")[0]}`)
  }
  await page.close()
}

for (const look of looks) {
  const context = await open(browser, look)
  const suffix = `${look.size}-${look.language}`
  for (const state of buyerStates)
    for (const kind of kindsOf(state))
      await take(context, `buyer-${state.name}-${kind}-${suffix}`, (page) =>
        showBuyerState(page, shop, { state, kind }),
      )
  for (const state of operatorStates)
    await take(context, `operator-${state.name}-${suffix}`, (page) => showOperatorState(page, shop, state))
  await context.close()
}
await browser.close()
console.log(failures.length === 0 ? "All were taken." : `${failures.length} could not be taken.`)
process.exitCode = failures.length === 0 ? 0 : 1
