// The landing page in a real browser against a real server: it calls, hears, cuts, resumes, speaks two languages, and
// has no dead link.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test"
import type { Browser, BrowserContextOptions, Page } from "playwright-core"
import { startGuarded } from "../access/guarded.ts"
import { hasChromium, launchChromium } from "../support/chromium.ts"
import { collectComplaints } from "../support/complaints.ts"
import { eventually } from "../support/eventually.ts"
import { publish } from "../support/publish.ts"
import { startServer, type TestServer } from "../support/server.ts"

const boards = ["websocket", "sse", "poll"] as const

/** How long a page may take to show something, on a machine that is busy with something else. */
const showMsMax = 45_000

/** Here and not for each test, of which there are many. */
setDefaultTimeout(120_000)

describe.skipIf(!hasChromium)("the landing page", () => {
  let browser: Browser
  let server: TestServer
  beforeAll(async () => {
    browser = await launchChromium()
    server = await startServer()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
  })

  /** The page once all three boards listen. What the browser complains about is collected. */
  async function open(options: BrowserContextOptions = {}) {
    const page = await browser.newPage({ locale: "en", ...options })
    page.setDefaultTimeout(showMsMax)
    const complaints = collectComplaints(page)
    await page.goto(server.base)
    for (const board of boards) await page.waitForSelector(`#${board}[data-state=open]`)
    return { page, complaints, [Symbol.asyncDispose]: () => page.close() }
  }

  async function call(page: Page, words: string): Promise<void> {
    await page.fill("#words", words)
    await page.click("#call button[type=submit]")
    await page.waitForFunction(
      (last) => document.querySelector<HTMLInputElement>("#words")?.value !== last,
      words,
    )
  }

  /** Waits until what the page says at a place holds these words. */
  const says = (page: Page, where: string, words: string): Promise<void> =>
    eventually(async () => expect(await page.textContent(where)).toContain(words))

  /** Waits until the newest slips of a board are these, the newest first. */
  const waitForSlips = (page: Page, board: string, slips: readonly string[]) =>
    page.waitForFunction(
      ([id, expected]) => {
        const shown = [...document.querySelectorAll(`#${id} .slips b`)].slice(0, expected?.length)
        return JSON.stringify(shown.map((slip) => slip.textContent)) === JSON.stringify(expected)
      },
      [board, slips] as const,
    )

  test("calls a number, and all three boards hear it at the same cursor", async () => {
    await using opened = await open()
    const { page } = opened
    await call(page, "B041")
    for (const board of boards) await waitForSlips(page, board, ["B041"])
    await eventually(async () => {
      const cursors = await Promise.all(boards.map((board) => page.textContent(`#${board} .cursor`)))
      expect(new Set(cursors).size).toBe(1)
      expect(await page.textContent("#answer")).toContain(`cursor ${cursors[0]}`)
    })
    await eventually(async () => expect(await page.inputValue("#words")).toBe("B042"))
    expect(opened.complaints).toEqual([])
  })

  test.each([...boards])(
    "cuts the board by %s and resumes it, and nothing is lost or doubled",
    async (board) => {
      await using opened = await open()
      const { page } = opened
      await call(page, "C001")
      // On all: what was called meanwhile is counted by what the others hear.
      for (const each of boards) await waitForSlips(page, each, ["C001"])
      await page.click(`#${board} .cut`)
      await call(page, "C002")
      await call(page, "C003")
      for (const other of boards.filter((one) => one !== board))
        await waitForSlips(page, other, ["C003", "C002", "C001"])
      await says(page, `#${board} .missed [lang=en]`, "2 called meanwhile, kept for you")
      await waitForSlips(page, board, ["C001"])
      await page.click(`#${board} .cut`)
      await waitForSlips(page, board, ["C003", "C002", "C001"])
      await call(page, "C004")
      await waitForSlips(page, board, ["C004", "C003", "C002", "C001"])
      await eventually(async () => expect(await page.locator(`#${board} .slips .late`).count()).toBe(2))
    },
  )

  test("resumes a board that was cut before its first message", async () => {
    await using opened = await open()
    const { page } = opened
    for (const board of boards) await page.click(`#${board} .cut`)
    await call(page, "D001")
    for (const board of boards) await page.click(`#${board} .cut`)
    for (const board of boards) await waitForSlips(page, board, ["D001"])
  })

  test("hears what is published elsewhere, as text and not as markup", async () => {
    await using opened = await open()
    await publish(`${server.base}/channel/hello`, "<img src=x onerror=alert(1)>")
    for (const board of boards) await waitForSlips(opened.page, board, ["<img src=x onerror=alert(1)>"])
    expect(await opened.page.locator("main img").count()).toBe(0)
  })

  test.each([390, 1280])("shows whole letters only, whatever is called, at %d pixels", async (width) => {
    await using opened = await open({ viewport: { width, height: 844 }, reducedMotion: "reduce" })
    const { page } = opened
    for (const text of [
      "7",
      "请到三号窗口取餐",
      "WWWWW",
      "x".repeat(80),
      JSON.stringify({ order: 42, state: "paid", note: "a longer announcement ".repeat(12) }),
    ]) {
      await publish(`${server.base}/channel/hello`, text)
      for (const board of boards) await waitForSlips(page, board, [text])
      const cut = await page.$$eval(".lit, .slips b", (all) =>
        all.flatMap((lit) => {
          const { lineHeight } = getComputedStyle(lit)
          const lines = lit.clientHeight / Number.parseFloat(lineHeight)
          const box = lit.closest(".led, .log")?.getBoundingClientRect()
          const { top, bottom, left, right } = lit.getBoundingClientRect()
          const isInside =
            !box ||
            (top > box.top - 1 && bottom < box.bottom + 1 && left > box.left - 1 && right < box.right + 1)
          const isWhole = lit.clientHeight === 0 || Math.abs(lines - Math.round(lines)) < 0.1
          // What wraps anywhere is not cut at a side.
          const wraps =
            getComputedStyle(lit).display === "-webkit-box" || lit.getAttribute("data-size") === "long"
          const isTooWide = !wraps && lit.scrollWidth > lit.clientWidth + 1
          if (lit.getClientRects().length === 0) return []
          return isInside && isWhole && !isTooWide
            ? []
            : [`${lit.className} ${lines} ${lit.textContent?.slice(0, 20)}`]
        }),
      )
      expect([text, ...cut]).toEqual([text])
    }
  })

  test("says why a call was refused", async () => {
    await using opened = await open()
    const { page } = opened
    await page.evaluate(() => document.querySelector("#words")?.removeAttribute("maxlength"))
    await page.fill("#words", "x".repeat(70_000))
    await page.click("#call button[type=submit]")
    await page.waitForSelector("#answer.bad")
    await says(page, "#answer", "too_large")
  })

  test("says on every board that this server wants a credential, and does not ask again and again", async () => {
    await using guarded = await startGuarded()
    const page = await browser.newPage({ locale: "en" })
    page.setDefaultTimeout(showMsMax)
    await page.goto(guarded.base)
    for (const board of boards) {
      await page.waitForSelector(`#${board}[data-state=refused]`)
      await says(page, `#${board} .missed [lang=en]`, "unauthorized")
    }
    // The button asks once more.
    const asked = page.waitForRequest((request) => request.url().includes("/channel/hello"))
    await page.click("#poll .cut")
    await asked
    await page.waitForSelector("#poll[data-state=refused]")
    await page.click("#call button[type=submit]")
    await page.waitForSelector("#answer.bad")
    await says(page, "#answer", "unauthorized")
    await page.close()
  })

  test("opens in the browser's language, switches, and remembers", async () => {
    await using opened = await open({ locale: "zh-CN" })
    const { page } = opened
    /** What is shown of it: the page holds both languages. */
    const heads = (words: string) =>
      eventually(async () => expect(await page.locator("h1").innerText()).toContain(words))
    await heads("频道就是")
    await page.click("[data-language=en]")
    await heads("A channel")
    await page.reload()
    await heads("A channel")
    await page.waitForSelector("[data-language=en][aria-pressed=true]")
  })

  test.each([320, 390, 768, 1280])("fits a screen of %i pixels", async (width) => {
    await using opened = await open({ viewport: { width, height: 800 } })
    await eventually(async () => {
      const tooWide = await opened.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      expect(tooWide).toBeLessThanOrEqual(0)
    })
  })

  test("shows lines with the address it was reached at, and copies them", async () => {
    await using opened = await open({ permissions: ["clipboard-read", "clipboard-write"] })
    const { page } = opened
    await page.click("[data-copies=line-publish]")
    await page.waitForSelector("[data-copies=line-publish].copied")
    const copied = await page.evaluate(() => navigator.clipboard.readText())
    expect(copied).toBe(`curl -d 'data=hello' ${server.base}/channel/hello`)
  })

  test("leads to the chat room, in the language that was chosen", async () => {
    await using opened = await open()
    const { page } = opened
    await page.click("[data-language=zh-CN]")
    await page.getByRole("link", { name: "进入聊天室" }).click()
    await page.getByText("已连接").waitFor()
    await eventually(async () => expect(await page.title()).toBe("聊天室"))
    expect(opened.complaints).toEqual([])
  })

  test("has no dead link, nor has the guide", async () => {
    const places = new Map<string, Set<string>>()
    const links = new Set<string>()
    const page = await browser.newPage()
    const visit = async (url: string): Promise<void> => {
      const address = url.split("#")[0] as string
      if (new URL(url).origin !== server.base) return
      links.add(url)
      if (places.has(address)) return
      const response = await fetch(address)
      if (response.status !== 200) return
      places.set(address, new Set())
      if (!response.headers.get("content-type")?.startsWith("text/html")) return
      await page.goto(address)
      const { ids, found } = await page.evaluate(() => ({
        ids: [...document.querySelectorAll("[id]")].map(({ id }) => id),
        found: [...document.querySelectorAll("a")].map(({ href }) => href),
      }))
      places.set(address, new Set(ids))
      for (const link of found) await visit(link)
    }
    await visit(`${server.base}/`)
    await page.close()
    const dead = [...links].filter((link) => {
      const [address = "", anchor] = link.split("#")
      const ids = places.get(address)
      return !ids || (anchor !== undefined && !ids.has(decodeURIComponent(anchor)))
    })
    expect(dead).toEqual([])
    expect([...places.keys()]).toContain(`${server.base}/_/guide/PROTOCOL`)
  })
})
