// Somebody opens a page while its program is still starting: they get to it without touching anything.
import { expect, test } from "bun:test"
import { hasChromium, launchChromium } from "../../../test/support/chromium.ts"
import { startAppServer } from "../http/app-server.ts"

test.skipIf(!hasChromium)(
  "a page that is opened while the program starts comes by itself, with all of its address",
  async () => {
    let context: { readonly isThere: true } | null = null
    const server = startAppServer({
      name: "test",
      host: "127.0.0.1",
      port: 0,
      bodyBytesMax: 1000,
      routes: [{ method: "GET", path: "/api/it", endpoint: () => new Response("it") }],
      pageAt: () => async () =>
        new Response("<h1>It is here</h1>", { headers: { "Content-Type": "text/html" } }),
      context: () => context,
      log: () => {},
    })
    const browser = await launchChromium()
    try {
      const page = await browser.newPage()
      page.setDefaultTimeout(60_000)
      const first = await page.goto(`${server.url}/operator?a=b#key=secret`)
      expect(first?.status()).toBe(503)
      expect(await page.textContent("main")).toContain("Starting")
      // A program gets what it can read.
      expect(await (await fetch(`${server.url}/api/it`)).json()).toMatchObject({ code: "starting" })
      context = { isThere: true }
      await page.waitForSelector("h1")
      expect(page.url()).toBe(`${server.url}/operator?a=b#key=secret`)
    } finally {
      await browser.close()
      await server.stop(true)
    }
  },
  120_000,
)
