// The operator's page in Chromium, on a shop that is shown: make a sale, run it, send a crowd through it, kill it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdir, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Browser, Page } from "playwright-core"
import { hasChromium, launchChromium } from "../../../test/support/chromium.ts"
import { eventually } from "../../../test/support/eventually.ts"
import type { CurvesView } from "../model/wire/api.ts"
import { type Supervised, supervise } from "../demo/supervised.ts"
import { until } from "./shop-process.ts"

const testMsMax = 180_000
const pictures = process.env["LABA_SHOTS"]

describe.skipIf(!hasChromium)("the operator's page", () => {
  let browser: Browser
  let shown: Supervised
  let directory: string
  const lines: string[] = []
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "flash-sale-shown-"))
    shown = supervise({
      directory,
      host: "127.0.0.1",
      port: 0,
      payments: null,
      paymentsPort: 0,
      args: ["--laba-port", "0"],
      log: (line) => lines.push(line),
    })
    browser = await launchChromium()
    await until(
      async () => lines,
      (all) => all.some((line) => line.includes("key is")),
      60_000,
    )
  }, testMsMax)
  afterAll(async () => {
    await browser?.close()
    await shown?.close()
    await rm(directory, { recursive: true, force: true })
  }, testMsMax)

  const address = (): string =>
    lines.map((line) => /sits at (\S+)/.exec(line)?.[1]).findLast((found) => found !== undefined) as string

  async function open(url = address()): Promise<Page & AsyncDisposable> {
    const page = await browser.newPage({ locale: "en", viewport: { width: 1280, height: 1400 } })
    page.setDefaultTimeout(45_000)
    await page.goto(url)
    return Object.assign(page, { [Symbol.asyncDispose]: () => page.close() })
  }

  async function newSale(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
    await page.waitForSelector("#main:not([hidden])")
    await page.click("#new")
    for (const [name, value] of Object.entries(fields)) await page.fill(`#new-form [name=${name}]`, value)
    await page.click("#new-form .main-button")
    await page.waitForSelector("#new-sale", { state: "hidden" })
  }

  const phase = (page: Page, wanted: string) => page.waitForSelector(`#phase[data-phase=${wanted}]`)

  const picture = async (page: Page, name: string): Promise<void> => {
    if (!pictures) return
    await mkdir(pictures, { recursive: true })
    await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true })
  }

  test(
    "asks for the key, refuses a wrong one, and does not leave the right one in the address",
    async () => {
      const url = new URL(address())
      const key = url.hash.slice("#key=".length)
      await using page = await open(url.origin + url.pathname)
      await page.fill("#key", "wrong")
      await page.click("#login .main-button")
      await page.waitForFunction(() => document.querySelector("#login-said")?.textContent?.includes("key"))
      await page.fill("#key", key)
      await page.click("#login .main-button")
      await page.waitForSelector("#main:not([hidden])")
      await using other = await open()
      await other.waitForSelector("#main:not([hidden])")
      await eventually(() => expect(other.url()).toBe(`${url.origin}/operator`))
    },
    testMsMax,
  )

  test(
    "takes the key from the printed address also in a tab that is there already",
    async () => {
      const url = new URL(address())
      await using page = await open(url.origin + url.pathname)
      await page.waitForSelector("#login:not([hidden])")
      // Nothing is loaded anew: only what is behind the # changes.
      await page.evaluate((href) => location.assign(href), url.href)
      await page.waitForSelector("#main:not([hidden])")
      await page.waitForSelector("#login", { state: "hidden" })
      expect(page.url()).toBe(`${url.origin}/operator`)
      // Once more, with the page at work: it goes on, and the key does not stay in the address.
      await page.evaluate((href) => location.assign(href), url.href)
      await eventually(() => expect(page.url()).toBe(`${url.origin}/operator`))
      await page.waitForSelector("#main:not([hidden])")
    },
    testMsMax,
  )

  test(
    "the demo begins with a sale that is about to open",
    async () => {
      await using page = await browser
        .newPage({ locale: "zh-CN" })
        .then((made) => Object.assign(made, { [Symbol.asyncDispose]: () => made.close() }))
      await page.goto(new URL(address()).origin)
      await page.waitForSelector("main[data-scene=countdown], main[data-scene=open]")
      await eventually(async () => expect(await page.textContent("#title")).toContain("月光灯笼"))
    },
    testMsMax,
  )

  test(
    "makes a sale, moves its start, opens, pauses and closes it",
    async () => {
      await using page = await open()
      await newSale(page, { stock: "5", startsIn: "3600" })
      await phase(page, "scheduled")
      await page.fill("#start", "1800")
      await page.click("#start-form button")
      await page.waitForFunction(() => /30 minutes/.test(document.querySelector("#when")?.textContent ?? ""))
      await page.click("#open")
      await phase(page, "open")
      await page.click("#pause")
      await phase(page, "paused")
      await page.click("#open")
      await phase(page, "open")
      await page.fill("#inflow", "7")
      await page.click("#inflow-form button")
      await page.waitForFunction(() => document.querySelector("#tiles")?.textContent?.includes("limit 7"))
      page.once("dialog", (dialog) => void dialog.accept())
      await page.click("#close")
      await phase(page, "closed")
    },
    testMsMax,
  )

  test(
    "a crowd goes through, the shop is killed meanwhile: nobody is lost, and the seven promises hold",
    async () => {
      await using page = await open()
      await newSale(page, { stock: "20", startsIn: "0", inflow: "", payBySeconds: "300" })
      await phase(page, "open")
      await page.fill("#buyers", "300")
      await page.fill("#within", "2")
      await page.click("#crowd-send")
      const shownNumber = (place: string) =>
        page.evaluate(
          (selector) => Number(document.querySelector(selector)?.textContent?.replace(/\D/g, "")),
          place,
        )
      const tickets = "#tiles .tile:nth-child(5) b"
      await until(
        () => shownNumber(tickets),
        (count) => count > 20,
        60_000,
      )
      await page.click("#kill")
      await page.waitForSelector("#killed[data-whole]")
      expect(await page.getAttribute("#killed", "data-whole")).toBe("true")
      const crowd = "#crowd div:nth-child(2) dd"
      // Everybody of the crowd has a ticket in the end: no click was lost with the process.
      await until(
        () => shownNumber(crowd),
        (count) => count === 300,
        60_000,
      )
      await until(
        () => shownNumber(tickets),
        (count) => count === 300,
        60_000,
      )
      await page.click("#verify")
      await page.waitForFunction(
        () => document.querySelectorAll("#invariants li[data-holds=true]").length === 7,
      )
      await page.waitForSelector("#stock .item[data-adds=true]")
      await picture(page, "operator-after-a-kill")
      await eventually(() => expect(lines.join("\n")).toContain("ended with SIGKILL"))
      // The books and the shop keep what was drawn: it is there for who loads the page anew.
      const kept = page.waitForResponse((answer) => answer.url().endsWith("/curves"))
      await page.reload()
      const { samples } = (await (await kept).json()) as CurvesView
      expect(samples.length).toBeGreaterThan(2)
      expect(samples.at(-1)?.tickets).toBe(300)
      await until(
        () => shownNumber("#results-said"),
        (results) => results >= 20,
      )
    },
    testMsMax,
  )

  test(
    "the payment provider's weather is shown and changed",
    async () => {
      await using page = await open()
      await page.waitForSelector("#weather-form:not([hidden])")
      await page.fill("#delay", "250")
      await page.fill("#doubled", "0.5")
      await page.fill("#reordered", "1")
      await page.click("#weather-form button")
      await page.waitForFunction(() => document.querySelector("#said")?.textContent?.includes("weather"))
      await using again = await open()
      await again.waitForSelector("#weather-form:not([hidden])")
      await again.waitForFunction(() => document.querySelector<HTMLInputElement>("#delay")?.value === "250")
      await eventually(async () => expect(await again.inputValue("#doubled")).toBe("0.5"))
      await eventually(async () => expect(await again.inputValue("#reordered")).toBe("1"))
    },
    testMsMax,
  )
})
