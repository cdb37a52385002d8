// The built client in a real Chromium: each transport alone, and whatever a network does to it. Every message once and in
// order, or a reset that the page was told of.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { Browser } from "playwright-core"
import { BadProxy, type BadProxyManners } from "../support/bad-proxy.ts"
import { LabaPage } from "../client/laba-page.ts"
import { hasChromium, launchChromium } from "../support/chromium.ts"
import { startProcess } from "../support/process.ts"
import { freshChannel, startServer, type TestServer } from "../support/server.ts"

const deadlineMs = 120_000
const overEachOf = ["websocket", "sse", "poll"] as const

const post = async (url: string, body: string): Promise<void> => {
  const answer = await fetch(url, { method: "POST", body, headers: { "content-type": "text/plain" } })
  expect(answer.status).toBe(201)
}

const upTo = (count: number, from = 0): string[] =>
  Array.from({ length: count - from }, (_, n) => `${from + n}`)

describe.skipIf(!hasChromium)("the client in Chromium", () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  }, deadlineMs)
  afterAll(async () => {
    await browser?.close()
  })

  const portOf = (server: TestServer): number => Number(new URL(server.base).port)

  for (const transport of overEachOf) {
    test(
      `over ${transport} alone: every message once, in order, its own too, over cuts of the network and a page that was frozen`,
      async () => {
        await using server = await startServer()
        await using proxy = await BadProxy.start(portOf(server))
        const channel = freshChannel()
        await using page = await LabaPage.open(browser, proxy.base, { channel, transports: [transport] })
        let sent = 0
        const send = async (count: number): Promise<void> => {
          for (let n = 0; n < count; n++) await post(server.base + channel, `${sent++}`)
        }
        await send(20)
        await page.publish(channel, `${sent++}`)
        expect(await page.noted(sent)).toEqual(upTo(sent))

        for (let round = 0; round < 3; round++) {
          await send(1)
          proxy.isDown = true
          proxy.cut()
          await send(5)
          proxy.isDown = false
          await send(1)
          expect(await page.noted(sent)).toEqual(upTo(sent))
        }

        const tools = await page.page.context().newCDPSession(page.page)
        await tools.send("Page.setWebLifecycleState", { state: "frozen" })
        await send(10)
        await tools.send("Page.setWebLifecycleState", { state: "active" })
        expect(await page.noted(sent)).toEqual(upTo(sent))
        await page.waitForTransport(transport)
      },
      deadlineMs,
    )

    test(
      `over ${transport}: the server is killed and restarted, and the page is told what may be missing`,
      async () => {
        const channel = freshChannel()
        await using first = await startProcess()
        await using page = await LabaPage.open(browser, first.base, { channel, transports: [transport] })
        await post(first.base + channel, "before")
        await page.noted(1)
        await first.killHard()
        await using second = await startProcess({ port: first.port })
        expect(await page.noted(2)).toEqual(["before", "reset: epoch"])
        await post(second.base + channel, "after")
        expect(await page.noted(3)).toEqual(["before", "reset: epoch", "after"])
      },
      deadlineMs,
    )
  }

  const proxies: readonly [name: string, manners: BadProxyManners, winner: string][] = [
    ["WebSockets are refused", { websocket: "refuse" }, "sse"],
    ["WebSockets open and their frames are swallowed", { websocket: "swallow" }, "sse"],
    ["streams are refused", { stream: "refuse" }, "websocket"],
    ["all but polls is refused", { websocket: "refuse", stream: "refuse" }, "poll"],
    ["streams are buffered and WebSockets refused", { websocket: "refuse", stream: "buffer" }, "poll"],
  ]
  for (const [name, manners, winner] of proxies) {
    test(
      `where ${name} it comes to ${winner}, and hears every message once`,
      async () => {
        await using server = await startServer()
        await using proxy = await BadProxy.start(portOf(server), manners)
        const channel = freshChannel()
        await using page = await LabaPage.open(browser, proxy.base, { channel })
        await page.waitForTransport(winner)
        for (const n of upTo(10)) await post(server.base + channel, n)
        expect(await page.noted(10)).toEqual(upTo(10))

        // The next visit begins with the one that won.
        await page.page.reload()
        const stored = await page.page.evaluate(() =>
          localStorage.getItem(`laba.transport ${location.origin}`),
        )
        expect(stored?.split(" ")[0]).toBe(winner)
      },
      deadlineMs,
    )
  }

  test(
    "moves to a WebSocket once one passes, in the middle of a stream of messages, and loses none",
    async () => {
      await using server = await startServer()
      await using proxy = await BadProxy.start(portOf(server), { websocket: "refuse" })
      const channel = freshChannel()
      await using page = await LabaPage.open(browser, proxy.base, { channel, upgradeMs: 200 })
      await page.waitForTransport("sse")
      proxy.manners.websocket = "pass"
      let sent = 0
      while ((await page.transport()) !== "websocket") await post(server.base + channel, `${sent++}`)
      await post(server.base + channel, `${sent++}`)
      expect(await page.noted(sent)).toEqual(upTo(sent))
    },
    deadlineMs,
  )

  test(
    "reads streams by the browser's own EventSource where it is told to",
    async () => {
      await using server = await startServer()
      await using proxy = await BadProxy.start(portOf(server))
      const channel = freshChannel()
      const options = { channel, transports: ["sse"], usesEventSource: true }
      await using page = await LabaPage.open(browser, proxy.base, options)
      for (const n of upTo(5)) await post(server.base + channel, n)
      expect(await page.noted(5)).toEqual(upTo(5))
      proxy.cut()
      for (const n of upTo(10, 5)) await post(server.base + channel, n)
      expect(await page.noted(10)).toEqual(upTo(10))
    },
    deadlineMs,
  )

  for (const transport of overEachOf) {
    test(
      `over ${transport}: the browser is offline, and comes back at once when it says that it is online again`,
      async () => {
        await using server = await startServer()
        await using proxy = await BadProxy.start(portOf(server))
        const channel = freshChannel()
        const options = { channel, transports: [transport], waitsForThePage: true }
        await using page = await LabaPage.open(browser, proxy.base, options)
        await post(server.base + channel, "0")
        expect(await page.noted(1)).toEqual(["0"])
        const heard = page.page.evaluate(
          () => new Promise((resolve) => addEventListener("online", ({ isTrusted }) => resolve(isTrusted))),
        )
        // Chromium itself: requests fail, `navigator.onLine` is false, and the page is sent the events.
        await page.page.context().setOffline(true)
        // What was open before the browser leaves to the network.
        proxy.cut()
        await page.waitForState("waiting")
        await post(server.base + channel, "1")
        await page.page.context().setOffline(false)
        expect(await heard).toBe(true)
        expect(await page.noted(2)).toEqual(["0", "1"])
      },
      deadlineMs,
    )
  }

  test(
    "a page that is hidden keeps its stream, and when it is shown again it has what it missed",
    async () => {
      await using server = await startServer()
      await using proxy = await BadProxy.start(portOf(server))
      const channel = freshChannel()
      await using page = await LabaPage.open(browser, proxy.base, { channel, waitsForThePage: true })
      // Without a screen Chromium hides no tab, so the page is told what it would see.
      const show = (isHidden: boolean) =>
        page.page.evaluate((hidden) => {
          Object.defineProperty(document, "hidden", { configurable: true, value: hidden })
          document.dispatchEvent(new Event("visibilitychange"))
        }, isHidden)
      await show(true)
      await post(server.base + channel, "0")
      expect(await page.noted(1)).toEqual(["0"])
      // The page learns of the cut, hidden as it is, and would wait for ten minutes: only being shown brings it back.
      proxy.cut()
      await page.waitForState("waiting")
      await post(server.base + channel, "1")
      await show(false)
      expect(await page.noted(2)).toEqual(["0", "1"])
    },
    deadlineMs,
  )
})
