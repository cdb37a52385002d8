// sockjs-client in a real Chromium: the sale of examples/seckill as it is written, and each transport by itself.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Browser } from "playwright-core"
import { openSeckill } from "../../examples/seckill/seckill.ts"
import { services, startSockJs } from "../sockjs/services.ts"
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

  const modern = ["websocket", "xhr-streaming", "eventsource", "xhr-polling"]
  const framed = ["iframe-eventsource", "iframe-htmlfile", "iframe-xhr-polling"]
  const ways: readonly (readonly [transport: string, isForeign: boolean])[] = [
    ...[...modern, "jsonp-polling"].flatMap((one) =>
      [false, true].map((isForeign) => [one, isForeign] as const),
    ),
    ["htmlfile", false],
    ...framed.map((one) => [one, true] as const),
  ]
  for (const [transport, isForeign] of ways)
    test(
      `[J4] [J12] [J15] ${transport} carries messages both ways ${isForeign ? "from a page of another origin" : "from its own page"}`,
      async () => {
        // A service of this machine's own pages is read by no script of another page.
        const isOpen = transport === "jsonp-polling" || transport.startsWith("iframe")
        await using server = await startSockJs({
          sockjs: { ...services, oldTransports: true, clientScript: "/sockjs.min.js" },
          ...(isOpen && { open: true, origins: ["*"] }),
        })
        const page = await browser.newPage()
        await page.route("**/sockjs.min.js", (route) =>
          route.fulfill({ body: library, contentType: "text/javascript" }),
        )
        // 127.0.0.1 and localhost are two origins of one machine.
        const own = `${server.base}/_/live`
        await page.goto(isForeign ? own.replace("127.0.0.1", "localhost") : own)
        await page.addScriptTag({ content: library })
        await page.evaluate(
          async ({ url, transports }) => {
            const here = globalThis as never as SockJsPage
            here.heard = []
            // What it waits for a transport is reckoned from one round trip, and a busy machine is slower.
            const socket = new here.SockJS(url, null, { transports, timeout: 30_000 })
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
