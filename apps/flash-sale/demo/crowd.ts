// A crowd of synthetic buyers as a process of its own. They come in through the same door as everybody: they log in, get a
// token, take a ticket, wait, pay, give back, leave, or forget to pay. `crowd.ts URL SALE WISH`.
import { requireSecret } from "../../kit/command/secret.ts"
import { type CrowdSettings, crowdSettingsSchema } from "./crowd-settings.ts"
import { CrowdClient } from "./crowd-client.ts"
import { SyntheticBuyer } from "./synthetic-buyer.ts"
import { Turnstile } from "./turnstile.ts"
import { Tally } from "./tally.ts"

/** Nobody who tries a sale out waits longer. */
const lifeMsMax = 1_200_000

/** A shop that has been away for so long will not come back. */
const awayMsMax = 20_000

async function run(url: string, sale: string, settings: CrowdSettings): Promise<void> {
  const tally = new Tally({ sale, buyers: settings.buyers })
  const turnstile = new Turnstile(url, sale)
  using client = new CrowdClient(url)
  const key = requireSecret("FLASH_SALE_OPERATOR_KEY")
  const report = async (): Promise<void> => {
    const answer = await fetch(`${url}/api/demo/crowd`, {
      method: "PUT",
      headers: { Authorization: `Bearer ${key}` },
      body: JSON.stringify(tally.progress),
      signal: AbortSignal.timeout(5000),
    })
    await answer.body?.cancel()
  }
  const started = performance.now()
  const clock = setInterval(() => {
    void report().catch(() => {})
    void turnstile.look()
    const tooLong = performance.now() - started > lifeMsMax
    if (tooLong || turnstile.awayMs > awayMsMax) process.exit(tooLong ? 0 : 1)
  }, 1000)
  await turnstile.look()
  const crowd = Math.random().toString(36).slice(2, 8)
  const journeys: Promise<void>[] = []
  for (let at = 0; at < settings.buyers;) {
    // Open model: they come when they come, however slow the shop is.
    const due = Math.ceil(((performance.now() - started) / 1000 / settings.withinSeconds) * settings.buyers)
    for (; at < Math.min(due, settings.buyers); at++) {
      const { items } = turnstile
      const item = items.length > 1 ? items[at % items.length] : undefined
      const buyer = new SyntheticBuyer({
        client,
        sale,
        item,
        name: `${crowd}-${at}`,
        wish: settings,
        turnstile,
        tally,
      })
      journeys.push(buyer.live())
    }
    await Bun.sleep(10)
  }
  await Promise.all(journeys)
  clearInterval(clock)
  tally.done = true
  await report().catch(() => {})
}

const [url = "", sale = "", settings = "{}"] = process.argv.slice(2)
await run(url, sale, crowdSettingsSchema.parse(JSON.parse(settings)))
process.exit(0)
