// Chromium's own EventSource and WebSocket, on a page of the server itself.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { Browser, Page } from "playwright-core"
import { hasChromium, launchChromium } from "../support/chromium.ts"
import { eventually } from "../support/eventually.ts"
import { headOf, publish, publishAll } from "../support/publish.ts"
import { freshChannel, startServer, type TestServer } from "../support/server.ts"

/** One thing that happened in the page. */
interface Happening {
  readonly event: string
  readonly data?: string
  readonly id?: string
  readonly code?: number
  readonly reason?: string
}

/** A guard against hanging; what a page shall show is waited for half as long. */
const deadlineMs = 60_000

describe.skipIf(!hasChromium)("a browser", () => {
  let browser: Browser
  let server: TestServer
  beforeAll(async () => {
    ;[browser, server] = await Promise.all([launchChromium(), startServer()])
  }, deadlineMs)
  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
  })

  /** A page of a server's own origin. */
  async function open({ base } = server): Promise<Page> {
    const page = await browser.newPage()
    await page.goto(base)
    return page
  }

  test(
    "[S2] [S3] [S4] hears messages, bytes and cursors by EventSource",
    async () => {
      const page = await open()
      const url = server.base + freshChannel()
      await page.evaluate(listenByEventSource, url)
      await untilListening(url)
      const text = await publish(url, "two\r\nlines: 喇叭")
      const bytes = await publish(url, Uint8Array.of(0, 255), { type: "application/octet-stream" })
      expect(await happenings(page, 3)).toEqual([
        { event: "open" },
        { event: "message", data: "two\nlines: 喇叭", id: text.cursor },
        { event: "binary", data: "AP8=", id: bytes.cursor },
      ])
      await page.close()
    },
    deadlineMs,
  )

  test(
    "[S5] [S8] comes back by EventSource when a stream ends, with no message seen yet, and misses nothing",
    async () => {
      await using brief = await startServer({ limits: { streamSecondsMax: 2, heartbeatSeconds: 1 } })
      const page = await open(brief)
      const url = brief.base + freshChannel()
      await page.evaluate(listenByEventSource, url)
      await untilListening(url)
      while ((await headOf(url)).listeners > 0) await Bun.sleep(5)
      const [a, b] = await publishAll(url, ["a", "b"])
      // How often it was cut and came back meanwhile is the machine's affair.
      expect(await happenings(page, 2, "message")).toEqual([
        { event: "message", data: "a", id: a?.cursor as string },
        { event: "message", data: "b", id: b?.cursor as string },
      ])
      await page.close()
    },
    deadlineMs,
  )

  test(
    "[S6] is told a reset by EventSource as an event, and holds the tail's cursor then",
    async () => {
      const page = await open()
      const url = server.base + freshChannel()
      const { cursor } = await publish(url, "old")
      await page.evaluate(listenByEventSource, `${url}?after=0other-1`)
      expect(await happenings(page, 2)).toMatchObject([{ event: "open" }, { event: "reset", id: cursor }])
      await page.close()
    },
    deadlineMs,
  )

  test(
    "[W1] [W2] [W4] hears and sends by WebSocket, text and bytes, and resumes with ?after=",
    async () => {
      const page = await open()
      const url = server.base + freshChannel()
      const { cursor } = await publish(url, "old")
      await publish(url, "missed")
      await page.evaluate(listenByWebSocket, {
        url: `${url.replace(/^http/, "ws")}?after=${cursor}`,
        send: "sent",
      })
      expect(await happenings(page, 3)).toEqual([
        { event: "open" },
        { event: "message", data: "missed" },
        { event: "message", data: "sent" },
      ])
      await publish(url, Uint8Array.of(0, 255), { type: "application/octet-stream" })
      expect((await happenings(page, 4)).at(-1)).toEqual({ event: "message", data: "bytes 0,255" })
      await page.close()
    },
    deadlineMs,
  )

  test(
    "[W2] [E3] is told by the close code and reason why a WebSocket ended",
    async () => {
      const page = await open()
      const url = server.base + freshChannel()
      const socketUrl = url.replace(/^http/, "ws")
      await page.evaluate(listenByWebSocket, { url: `${socketUrl}?after=0other-1` })
      expect(await happenings(page, 2)).toEqual([
        { event: "open" },
        { event: "close", code: 4201, reason: "reset" },
      ])
      await page.reload()
      await page.evaluate(listenByWebSocket, { url: socketUrl })
      await untilListening(url)
      await fetch(url, { method: "DELETE" })
      expect((await happenings(page, 2))[1]).toEqual({ event: "close", code: 4103, reason: "deleted" })
      await page.close()
    },
    deadlineMs,
  )
})

async function untilListening(url: string): Promise<void> {
  while ((await headOf(url)).listeners === 0) await Bun.sleep(5)
}

/** Waits until so much happened in the page, or so much of one kind, and answers all of it. */
async function happenings(page: Page, count: number, event?: string): Promise<Happening[]> {
  const happened = async (): Promise<Happening[]> => {
    const all = await page.evaluate(() => (globalThis as unknown as { happened: Happening[] }).happened)
    return all.filter((one) => event === undefined || one.event === event)
  }
  await eventually(async () => expect((await happened()).length).toBeGreaterThanOrEqual(count))
  return await happened()
}

// The two below run in the page: they see nothing of this file.

function listenByEventSource(url: string): void {
  const happened: Happening[] = []
  Object.assign(globalThis, { happened })
  const source = new EventSource(url)
  source.onopen = () => happened.push({ event: "open" })
  source.onerror = () => happened.push({ event: "error" })
  for (const name of ["message", "binary", "reset", "close"]) {
    source.addEventListener(name, (event) => {
      const { data, lastEventId } = event as MessageEvent<string>
      happened.push({ event: name, data, id: lastEventId })
    })
  }
}

function listenByWebSocket({ url, send }: { url: string; send?: string }): void {
  const happened: Happening[] = []
  Object.assign(globalThis, { happened })
  const socket = new WebSocket(url)
  socket.binaryType = "arraybuffer"
  socket.onopen = () => {
    happened.push({ event: "open" })
    if (send !== undefined) socket.send(send)
  }
  socket.onmessage = ({ data }) => {
    happened.push({
      event: "message",
      data: typeof data === "string" ? data : `bytes ${new Uint8Array(data as ArrayBuffer)}`,
    })
  }
  socket.onclose = ({ code, reason }) => happened.push({ event: "close", code, reason })
}
