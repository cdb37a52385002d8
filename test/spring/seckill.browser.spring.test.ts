// The page of the example in a real Chromium, before the Spring half of it, with Laba as its broker.
import { expect, test } from "bun:test"
import { join } from "node:path"
import { hasChromium, launchChromium } from "../support/chromium.ts"
import { startServer } from "../support/server.ts"
import { startJava } from "./java-program.ts"
import { portOfTomcat } from "./tomcat.ts"

const root = join(import.meta.dir, "../..")
const sources = join(root, "examples/seckill/spring/src/main/java")

/** Where the build takes the page and its libraries from. */
const pages = ["examples/seckill", "node_modules/sockjs-client/dist", "node_modules/@stomp/stompjs/bundles"]

test.skipIf(!hasChromium)(
  "the page works as it is written for Spring: two buyers hear all results",
  async () => {
    await using server = await startServer({ stomp: { tcp: 0 } })
    const args = [
      "--server.port=0",
      "--laba.host=127.0.0.1",
      `--laba.port=${server.laba.stompPort}`,
      `--spring.web.resources.static-locations=${pages.map((folder) => `file:${join(root, folder)}/`).join()}`,
    ]
    await using program = await startJava({ sources, main: "laba.examples.seckill.SeckillApplication", args })
    const url = `http://127.0.0.1:${await portOfTomcat(program)}/`
    const browser = await launchChromium()
    await using _ = { [Symbol.asyncDispose]: () => browser.close() }
    const [one, two] = [await browser.newPage(), await browser.newPage()]
    for (const page of [one, two]) {
      await page.goto(url)
      await page.waitForSelector("#buy:not([disabled])")
    }
    for (const page of [one, two, one, two]) await page.click("#buy")
    for (const page of [one, two]) {
      await page.waitForSelector("#results li:nth-child(4)")
      const results = await page.locator("#results li").allTextContents()
      expect(results.map((text) => /won|sold out/.exec(text)?.[0])).toEqual(["won", "won", "won", "sold out"])
    }
  },
  120_000,
)
