// sockjs-client in a real Chromium: the sale of examples/seckill as it is written, and each transport by itself.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Browser } from "playwright-core"
import { openSeckill } from "../../examples/seckill/seckill.ts"
import { startSockJs } from "../sockjs/sockjs-client.ts"
import { hasChromium, launchChromium } from "../support/chromium.ts"
import { publish } from "../support/publish.ts"

const deadlineMs = 120_000
const library = readFileSync(
  fileURLToPath(new URL("../../node_modules/sockjs-client/dist/sockjs.min.js", import.meta.url)),
  "utf8",
)

/** What of sockjs-client a page uses here. */
interface SockJsPage {
  readonly SockJS: new (url: string, none: null, options: object) => WebSocket
  heard: string[]
}

describe.skipIf(!hasChromium)("SockJS in Chromium", () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  }, deadlineMs)
  afterAll(async () => {
    await browser?.close()
  })

  test(
    "[J1] [J3] the sale of Spring's page works as it is written: two buyers hear all results",
    async () => {
      await using sale = await openSeckill()
      const [one, two] = [await browser.newPage(), await browser.newPage()]
      for (const page of [one, two]) {
        await page.goto(sale.url)
        await page.waitForSelector("#buy:not([disabled])")
      }
      for (const page of [one, two, one, two]) await page.click("#buy")
      for (const page of [one, two]) {
        await page.waitForSelector("#results li:nth-child(4)")
        const results = await page.locator("#results li").allTextContents()
        expect(results.map((text) => /won|sold out/.exec(text)?.[0])).toEqual([
          "won",
          "won",
          "won",
          "sold out",
        ])
        await page.close()
      }
    },
    deadlineMs,
  )

  for (const transport of ["websocket", "xhr-streaming", "eventsource", "xhr-polling"])
    for (const isForeign of [false, true])
      test(
        `[J4] [J12] ${transport} carries messages both ways ${isForeign ? "from a page of another origin" : "from its own page"}`,
        async () => {
          await using server = await startSockJs()
          const page = await browser.newPage()
          // 127.0.0.1 and localhost are two origins of one machine.
          const own = `${server.base}/_/live`
          await page.goto(isForeign ? own.replace("127.0.0.1", "localhost") : own)
          await page.addScriptTag({ content: library })
          await page.evaluate(
            async ({ url, transports }) => {
              const here = globalThis as never as SockJsPage
              here.heard = []
              const socket = new here.SockJS(url, null, { transports })
              socket.addEventListener("message", ({ data }) => void here.heard.push(data))
              await new Promise((resolve, reject) => {
                socket.addEventListener("open", resolve)
                socket.addEventListener("close", ({ reason }) => reject(new Error(reason)))
              })
              socket.send("from the page 100%")
            },
            { url: `${server.base}/echo`, transports: [transport] },
          )
          const heard = (count: number) =>
            page
              .waitForFunction((wanted) => (globalThis as never as SockJsPage).heard.length >= wanted, count)
              .then(() => page.evaluate(() => (globalThis as never as SockJsPage).heard))
          expect(await heard(1)).toEqual(["from the page 100%"])
          await publish(`${server.base}/echoes`, "to the page 日本")
          expect(await heard(2)).toEqual(["from the page 100%", "to the page 日本"])
          await page.close()
        },
        deadlineMs,
      )
})
