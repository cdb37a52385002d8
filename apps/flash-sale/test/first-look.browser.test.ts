// Somebody opens the shop for the first time: nothing is wrong, so the browser has nothing to complain about.
import { expect, test } from "bun:test"
import { hasChromium, launchChromium } from "../../../test/support/chromium.ts"
import { collectComplaints } from "../../../test/support/complaints.ts"
import { ShopProcess } from "./shop-process.ts"

test.skipIf(!hasChromium)(
  "who looks for the first time, logs in and holds no ticket sees no error in the browser's console",
  async () => {
    await using shop = await ShopProcess.start()
    const sale = { id: "one", title: "A sale", items: [{ id: "i", title: "A thing", stock: 1, price: 1 }] }
    await shop.operator("POST", "/sales", { ...sale, startsAt: Date.now() + 3_600_000, lobbyAt: Date.now() })
    const browser = await launchChromium()
    await using _ = { [Symbol.asyncDispose]: () => browser.close() }
    const page = await browser.newPage({ locale: "en" })
    page.setDefaultTimeout(60_000)
    const complaints = collectComplaints(page)
    const answered = page.waitForResponse((response) => response.url().includes("/api/listen"))
    await page.goto(`${shop.url}/sales/one`)
    expect(await (await answered).json()).toBeNull()
    const ticket = page.waitForResponse((response) => response.url().includes("/ticket"))
    await page.waitForFunction(() => document.querySelector<HTMLInputElement>("#user")?.value !== "")
    await page.fill("#user", "ann")
    await page.press("#user", "Enter")
    expect(await (await ticket).json()).toBeNull()
    await page.waitForFunction(() => document.querySelector("#holder")?.textContent === "ann")
    expect(complaints).toEqual([])
    // Whoever asks without saying so is told as before.
    const asked = await fetch(`${shop.url}/api/listen`, { method: "POST" })
    expect(asked.status).toBe(401)
  },
  180_000,
)
