// The server's own pages as axe sees them, with something on them.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test"
import type { Browser, Page } from "playwright-core"
import { findingsOn } from "../support/accessibility.ts"
import { hasChromium, launchChromium } from "../support/chromium.ts"
import { type OwnServer, startServer } from "../support/server.ts"

/** Some seconds a page, and a busy machine takes its time. */
setDefaultTimeout(240_000)

describe.skipIf(!hasChromium)("axe has nothing to say against", () => {
  let browser: Browser
  let server: OwnServer
  beforeAll(async () => {
    browser = await launchChromium()
    server = await startServer()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
  })

  async function open(path: string, scheme: "light" | "dark" = "light"): Promise<Page & AsyncDisposable> {
    const context = await browser.newContext({ locale: "en", reducedMotion: "reduce", colorScheme: scheme })
    const page = await context.newPage()
    page.setDefaultTimeout(60_000)
    await page.goto(server.base + path)
    return Object.assign(page, { [Symbol.asyncDispose]: () => context.close() })
  }

  test.each(["light", "dark"] as const)(
    "the landing page, in the %s, with numbers called on it",
    async (scheme) => {
      await using page = await open("/", scheme)
      for (const id of ["websocket", "sse", "poll"]) await page.waitForSelector(`#${id}[data-state=open]`)
      for (const text of ["A017", "a longer announcement for the whole hall, that goes on and on ".repeat(6)])
        await server.laba.publish("/channel/hello", text)
      for (const id of ["websocket", "sse", "poll"])
        await page.waitForSelector(`#${id} .slips li:nth-child(2)`)
      await page.click("#sse .cut")
      expect(await findingsOn(page)).toEqual([])
    },
  )

  test.each(["light", "dark"] as const)("the chat room, in the %s, empty and full", async (scheme) => {
    await using page = await open("/_/chat", scheme)
    await page.getByText("Connected").waitFor()
    expect(await findingsOn(page)).toEqual([])
    for (let line = 0; line < 60; line++)
      await server.laba.publish("/chat/room", { text: `line ${line}`, from: "A1" })
    await page.fill("input", "mine")
    await page.press("input", "Enter")
    await page.locator(".mine:not(.said)").waitFor()
    expect(await findingsOn(page)).toEqual([])
    // What is above can be read without a mouse.
    await page.focus("#log")
    const top = await page.$eval("#log", (log) => log.scrollTop)
    await page.keyboard.press("PageUp")
    await page.waitForFunction(
      (before) => (document.querySelector("#log")?.scrollTop ?? before) < before,
      top,
    )
    await fetch(`${server.base}/chat/room`, { method: "DELETE" })
  })

  test("every page of the guide", async () => {
    await using page = await open("/_/guide")
    const links = await page.$$eval("a[href^='/_/guide']", (all) =>
      all.map((one) => one.getAttribute("href") ?? ""),
    )
    const pages = [...new Set(links.map((link) => link.replace(/#.*/, "")))]
    expect(pages.length).toBeGreaterThan(10)
    for (const path of pages) {
      await page.goto(server.base + path)
      expect([path, ...(await findingsOn(page))]).toEqual([path])
    }
  })
})
