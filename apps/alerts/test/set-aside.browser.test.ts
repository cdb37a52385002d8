// A letter that a mail server refuses for good, on the page: why it was not told, and the button that tries again.
import { expect, test } from "bun:test"
import { hasChromium, launchChromium } from "../../../test/support/chromium.ts"
import { collectComplaints } from "../../../test/support/complaints.ts"
import { eventually } from "../../../test/support/eventually.ts"
import { openPostOffice, quickClock } from "./post-office.ts"
import { startAlerts } from "./running-alerts.ts"

test.skipIf(!hasChromium)(
  "what was tried in vain and what was set aside is said on the page, and is tried again by a button",
  async () => {
    await using office = await openPostOffice()
    await using alerts = await startAlerts({
      mail: { smtp: office.smtp, from: "a@laba.invalid", to: "b@laba.invalid" },
      clock: quickClock,
    })
    const browser = await launchChromium()
    await using _ = { [Symbol.asyncDispose]: () => browser.close() }
    const page = await browser.newPage({ locale: "zh-CN", viewport: { width: 390, height: 844 } })
    page.setDefaultTimeout(45_000)
    const complaints = collectComplaints(page)
    await page.goto(alerts.url)
    await page.locator('.line[data-state="open"]').waitFor()

    office.answerWith(451)
    await alerts.pay("Ada", "+8613800138000")
    await page.locator("#mail .trouble").getByText("还会再试").waitFor()
    office.answerWith(552)
    const aside = page.locator("#mail .aside")
    await aside.getByText("Ada").waitFor()
    await aside.getByText(/552/).waitFor()
    await eventually(async () => expect(await page.locator("#mail .trouble").textContent()).toBe(""))
    // Who opens the page now sees it as well.
    await page.reload()
    await aside.getByText("Ada").waitFor()

    office.answerWith(null)
    await aside.getByRole("button", { name: "再试一次" }).click()
    await aside.waitFor({ state: "hidden" })
    await page.locator("#mail .count").getByText("1").waitFor()
    expect(office.taken).toHaveLength(1)
    expect(complaints).toEqual([])
  },
  180_000,
)
