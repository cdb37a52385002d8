// The chat room of examples/chat, at /_/chat of every server: two phones in it, one of which reloads.
import { expect, test } from "bun:test"
import { join } from "node:path"
import { openRoom } from "../../examples/chat/chat.ts"
import { BadProxy } from "../support/bad-proxy.ts"
import { startGuarded } from "../access/guarded.ts"
import { hasChromium, launchChromium } from "../support/chromium.ts"
import { collectComplaints } from "../support/complaints.ts"
import { eventually } from "../support/eventually.ts"

const folder = join(import.meta.dir, "../../examples/chat")

/** How long a page may take to show something, on a machine that is busy with something else. */
const showMsMax = 45_000
const testMsMax = 120_000

test("the chat room is under 100 lines, page included", async () => {
  const texts = await Promise.all(
    ["chat.ts", "index.html"].map((name) => Bun.file(join(folder, name)).text()),
  )
  expect(texts.flatMap((text) => text.trimEnd().split("\n")).length).toBeLessThan(100)
})

test.skipIf(!hasChromium)(
  "two phones talk in two languages, and a reload goes on where it was",
  async () => {
    const chat = await openRoom()
    const browser = await launchChromium()
    const complaints: string[] = []
    try {
      const open = async (locale: string) => {
        const phone = { viewport: { width: 375, height: 667 }, hasTouch: true, isMobile: true, locale }
        const page = await (await browser.newContext(phone)).newPage()
        page.setDefaultTimeout(showMsMax)
        collectComplaints(page, complaints)
        await page.goto(`${chat.url}/_/chat`)
        return page
      }
      const [one, two] = [await open("en-GB"), await open("zh-CN")]
      await one.getByText("Connected").waitFor()
      await two.getByText("已连接").waitFor()
      // An empty room is no white page.
      await one.getByText("Nobody has said anything yet.").waitFor()

      await one.getByPlaceholder("Say something").fill("<b>hello</b>")
      await one.getByRole("button", { name: "Send" }).click()
      await two.getByText("<b>hello</b>").waitFor()
      await two.getByPlaceholder("说点什么").fill("你好")
      await two.getByPlaceholder("说点什么").press("Enter")
      await one.getByText("你好").waitFor()
      // Its own words come back to it, too: before that a reload would rightly bring them once more.
      await two.locator("li:not(.said)", { hasText: "你好" }).waitFor()
      expect(await one.getByText("Nobody has said anything yet.").isVisible()).toBe(false)

      // The second window misses a message while it reloads, and has it afterwards.
      await two.goto("about:blank")
      await one.getByPlaceholder("Say something").fill("are you there?")
      await one.getByRole("button", { name: "Send" }).click()
      await one.locator("li:not(.said)", { hasText: "are you there?" }).waitFor()
      await two.goto(`${chat.url}/_/chat`)
      await two.getByText("are you there?").waitFor()
      await eventually(async () => expect(await two.locator("li").count()).toBe(1))

      // What is published from elsewhere is shown too, whatever its shape.
      await chat.publish("/chat/room", "plain words")
      await one.getByText("plain words").waitFor()

      await two.getByRole("button", { name: "English" }).click()
      await two.getByText("Connected").waitFor()
      await eventually(async () => {
        const width = await one.evaluate(() => document.documentElement.scrollWidth)
        expect(width).toBeLessThanOrEqual(375)
      })
      expect(complaints).toEqual([])
    } finally {
      await browser.close()
      await chat.close()
    }
  },
  testMsMax,
)

test.skipIf(!hasChromium)(
  "what is said while the network is away stands there, marked, until it is heard",
  async () => {
    const chat = await openRoom()
    await using proxy = await BadProxy.start(Number(new URL(chat.url).port))
    const browser = await launchChromium()
    try {
      const page = await browser.newPage({ locale: "en" })
      page.setDefaultTimeout(showMsMax)
      await page.goto(`${proxy.base}/_/chat`)
      await page.getByText("Connected").waitFor()
      proxy.isDown = true
      proxy.cut()
      await page.fill("input", "are you there?")
      await page.press("input", "Enter")
      await page.locator(".mine.said", { hasText: "are you there?" }).waitFor()
      proxy.isDown = false
      await page.locator(".mine:not(.said)", { hasText: "are you there?" }).waitFor()
      await eventually(async () => expect(await page.locator(".mine").count()).toBe(1))
    } finally {
      await browser.close()
      await chat.close()
    }
  },
  testMsMax,
)

test.skipIf(!hasChromium)(
  "says that the room is closed where nobody may listen without a token",
  async () => {
    await using guarded = await startGuarded()
    const browser = await launchChromium()
    try {
      const page = await browser.newPage({ locale: "en" })
      page.setDefaultTimeout(showMsMax)
      await page.goto(`${guarded.base}/_/chat`)
      await page.getByText("Closed: unauthorized").waitFor()
      await eventually(async () => expect(await page.textContent("#state")).toBe("Closed"))
      await page.getByPlaceholder("Say something").fill("hello")
      await page.getByRole("button", { name: "Send" }).click()
      await page.getByText("Not sent: hello (unauthorized)").waitFor()
    } finally {
      await browser.close()
    }
  },
  testMsMax,
)
