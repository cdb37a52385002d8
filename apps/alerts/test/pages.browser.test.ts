// The pages in Chromium: a payment told by mail and by text message, two people at the deploy board, a heart that is killed
// and brought back. Set LABA_SHOTS to a folder to keep pictures.
import { afterAll, beforeAll, expect, test } from "bun:test"
import type { Browser, BrowserContextOptions, Page } from "playwright-core"
import { hasChromium, launchChromium } from "../../../test/support/chromium.ts"
import { collectComplaints } from "../../../test/support/complaints.ts"
import { eventually } from "../../../test/support/eventually.ts"
import { startAlerts, type RunningAlerts } from "./running-alerts.ts"

const shots = process.env["LABA_SHOTS"]
const phone: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }
const desktop: BrowserContextOptions = { viewport: { width: 1280, height: 900 } }

/** How long a page may take to show something, on a machine that is busy with something else. */
const showMsMax = 45_000
const testMsMax = 180_000

let browser: Browser
beforeAll(async () => {
  if (hasChromium) browser = await launchChromium()
}, testMsMax)
afterAll(() => browser?.close())

/** Opens a page and waits until it hears. What the browser complains about is kept. */
async function open(alerts: RunningAlerts, path: string, options: BrowserContextOptions) {
  const context = await browser.newContext(options)
  context.setDefaultTimeout(showMsMax)
  const page = await context.newPage()
  const complaints = collectComplaints(page)
  await page.goto(alerts.url + path)
  await page.locator('.line[data-state="open"]').waitFor()
  return { page, complaints }
}

async function shoot(page: Page, name: string): Promise<void> {
  if (shots) await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true })
}

/** Nothing is wider than the screen. */
const fits = (page: Page): Promise<void> =>
  eventually(async () => {
    const tooWide = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    )
    expect(tooWide).toBeLessThanOrEqual(0)
  })

/** Waits until so many are shown. */
const counts = (page: Page, what: string, count: number): Promise<void> =>
  eventually(async () => expect(await page.locator(what).count()).toBe(count))

test.skipIf(!hasChromium)(
  "a press pays: the board lights up, a letter and a text arrive, for everybody who looks on",
  async () => {
    await using alerts = await startAlerts()
    const one = await open(alerts, "/", { ...phone, locale: "zh-CN" })
    const two = await open(alerts, "/", { ...desktop, locale: "en-GB" })
    await one.page.getByLabel("姓名").fill("<b>林小满</b>")
    await one.page.getByRole("button", { name: "付款" }).click()
    for (const { page } of [one, two]) {
      await page.locator("#amount").getByText("¥298.00").waitFor()
      await page.locator("#letters").getByText("<b>林小满</b> · 新付费客户").waitFor()
      await page.locator("#texts").getByText("<b>林小满</b>，已收到¥298.00").waitFor()
      await page.locator("#mail .count").getByText("1").waitFor()
      await fits(page)
    }
    await two.page.locator("#letters summary").click()
    await two.page.getByText("Paid until").first().waitFor()
    await shoot(one.page, "payments-phone")
    await shoot(two.page, "payments-desktop")

    // Who is away is told when it is back.
    await two.page.getByRole("switch", { name: "Text to the customer" }).click()
    await one.page.locator('#sms[data-listening="false"]').waitFor()
    await two.page.getByLabel("Name").fill("Ada")
    await two.page.getByRole("button", { name: "Pay" }).click()
    await two.page.locator("#letters").getByText("New paying customer: Ada").waitFor()
    await counts(two.page, "#texts li", 1)
    await two.page.getByRole("switch", { name: "Text to the customer" }).click()
    await one.page.locator("#texts").getByText("Hi Ada").waitFor()

    // Who comes later sees what was.
    const late = await open(alerts, "/", { ...desktop, locale: "en-GB", colorScheme: "dark" })
    await late.page.locator("#payer").getByText("Ada · ").waitFor()
    await counts(late.page, "#letters li", 2)
    expect([...one.complaints, ...two.complaints]).toEqual([])
  },
  testMsMax,
)

test.skipIf(!hasChromium)(
  "two people at the deploy board see the same: a node starts, stops, restarts, is lost",
  async () => {
    await using alerts = await startAlerts()
    const one = await open(alerts, "/deploys", { ...phone, locale: "zh-CN" })
    const two = await open(alerts, "/deploys", { ...desktop, locale: "en-GB" })
    const both = async (node: string, state: string, version: string): Promise<void> => {
      for (const { page } of [one, two])
        await page
          .locator(`#${node}[data-state="${state}"] .version`)
          .getByText(version, { exact: true })
          .waitFor()
    }
    await both("web-2", "up", "v1")
    await one.page.locator("#web-2").getByRole("button", { name: "停止" }).click()
    await both("web-2", "down", "v1")
    await two.page.locator("#web-2").getByRole("button", { name: "Start", exact: true }).click()
    await both("web-2", "up", "v1")
    await two.page.locator("#web-2").getByRole("button", { name: "Restart" }).click()
    await both("web-2", "up", "v2")
    await one.page.locator("#web-3").getByRole("button", { name: "kill -9" }).click()
    await both("web-3", "lost", "v1")
    const logOf = ({ page }: typeof one) => page.locator("#log li b, #log li small").allTextContents()
    await eventually(async () => expect(await logOf(one)).toEqual(await logOf(two)))
    for (const { page } of [one, two]) await fits(page)
    await shoot(one.page, "deploys-phone")
    await shoot(two.page, "deploys-desktop")
    await two.page.getByRole("button", { name: "Release to all" }).click()
    for (const node of ["web-1", "web-2", "web-3"]) await both(node, "up", node === "web-2" ? "v3" : "v2")
    expect([...one.complaints, ...two.complaints]).toEqual([])
  },
  testMsMax,
)

test.skipIf(!hasChromium)(
  "a heart is killed from the page, the alarm is seen, it is brought back, and that is seen",
  async () => {
    await using alerts = await startAlerts()
    const one = await open(alerts, "/heart", { ...phone, locale: "zh-CN" })
    const two = await open(alerts, "/heart", { ...desktop, locale: "en-GB", reducedMotion: "reduce" })
    for (const { page } of [one, two]) await page.locator('.monitor[data-state="beating"]').waitFor()
    await shoot(two.page, "heart-desktop")
    await one.page.getByRole("button", { name: "杀掉它" }).click()
    for (const { page } of [one, two]) {
      await page.locator('.monitor[data-state="silent"]').waitFor()
      await page.locator('#alarms li[data-alarm="silent"]').waitFor()
      await fits(page)
    }
    await shoot(one.page, "heart-silent-phone")
    // Who comes only now sees at once that the time is over.
    const late = await open(alerts, "/heart", { ...phone, locale: "en-GB" })
    await late.page.locator('.monitor[data-state="silent"]').waitFor()
    await eventually(async () =>
      expect(await late.page.locator("#fuse").getAttribute("style")).toBe("width: 100%;"),
    )
    await two.page.getByRole("button", { name: "Bring it back" }).click()
    for (const { page } of [one, two]) {
      await page.locator('#alarms li[data-alarm="back"]').waitFor()
      await page.locator('.monitor[data-state="beating"]').waitFor()
      await counts(page, "#alarms li", 2)
    }
    expect([...one.complaints, ...two.complaints, ...late.complaints]).toEqual([])
  },
  testMsMax,
)
