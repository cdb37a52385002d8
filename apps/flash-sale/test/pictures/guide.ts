// The pictures of the buyer's page in the guide: `node bin/bun.mjs apps/flash-sale/test/pictures/guide.ts`. The operator's is of a real
// crowd, taken by hand.
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { launchChromium } from "../../../../test/support/chromium.ts"
import { buyerStates, type Kind } from "./buyer-states.ts"
import { showBuyerState } from "./show-state.ts"
import { StandInShop } from "./stand-in-shop.ts"

const folder = join(import.meta.dir, "../../../../docs/pictures")

const pictures: Readonly<Record<string, readonly [state: string, kind: Kind, locale: string]>> = {
  "flash-sale-countdown": ["countdown", "one", "en"],
  "flash-sale-items": ["open-one-gone", "several", "en"],
  "flash-sale-queued": ["queued", "one", "en"],
  "flash-sale-waitlisted": ["waitlisted", "one", "en"],
  "flash-sale-won": ["won", "one", "en"],
  "flash-sale-won-zh": ["won", "one", "zh-CN"],
}

await using shop = await StandInShop.start()
const browser = await launchChromium()
for (const [name, [wanted, kind, locale]] of Object.entries(pictures)) {
  const state = buyerStates.find((one) => one.name === wanted)
  if (!state) throw new Error(`There is no state ${wanted}.`)
  const context = await browser.newContext({
    locale,
    viewport: { width: 390, height: 760 },
    reducedMotion: "reduce",
  })
  const page = await context.newPage()
  await showBuyerState(page, shop, { state, kind })
  await page.waitForTimeout(300)
  const devtools = await context.newCDPSession(page)
  const { data } = await devtools.send("Page.captureScreenshot", { format: "webp", quality: 82 })
  await writeFile(join(folder, `${name}.webp`), Buffer.from(data, "base64"))
  await context.close()
}
await browser.close()
