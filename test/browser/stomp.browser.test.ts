// @stomp/stompjs in a real Chromium against the real server: a page that knows nothing of Laba.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Browser } from "playwright-core"
import { hasChromium, launchChromium } from "../support/chromium.ts"
import { publish } from "../support/publish.ts"
import { freshChannel, startServer } from "../support/server.ts"

const deadlineMs = 120_000
const library = readFileSync(
  fileURLToPath(new URL("../../node_modules/@stomp/stompjs/bundles/stomp.umd.min.js", import.meta.url)),
  "utf8",
)

/** What the page notes, to be read from here. */
interface Noted {
  readonly heard: string[]
  readonly errors: string[]
  readonly connects: number
}

describe.skipIf(!hasChromium)("stompjs in Chromium", () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  }, deadlineMs)
  afterAll(async () => {
    await browser?.close()
  })

  test(
    "[T2] [T12] [T14] [T24] listens, sends, is answered, and goes on after a cut with nothing lost or doubled",
    async () => {
      await using server = await startServer({
        stomp: { paths: ["/websocket"] },
        onMessage: ({ channel, data }) =>
          channel === "/app/seckill" ? { publish: false, reply: `queued ${String(data)}` } : undefined,
      })
      const channel = freshChannel("topic")
      const page = await browser.newPage()
      await page.goto(`${server.base}/_/live`)
      await page.addScriptTag({ content: library })
      await page.evaluate(
        ({ url, destination }) => {
          const noted = { heard: [] as string[], errors: [] as string[], connects: 0 }
          let cursor = ""
          const { Client } = (globalThis as never as { StompJs: typeof import("@stomp/stompjs") }).StompJs
          const client = new Client({
            brokerURL: url,
            reconnectDelay: 50,
            onConnect() {
              noted.connects++
              client.subscribe("/user/queue/seckill", ({ body }) => void noted.heard.push(body))
              client.subscribe(
                destination,
                ({ body, headers }) => {
                  cursor = headers["cursor"] as string
                  noted.heard.push(headers["reset"] ?? body)
                },
                { after: cursor },
              )
              if (noted.connects === 1) client.publish({ destination: "/app/seckill", body: "a phone" })
            },
            onStompError: ({ headers }) => void noted.errors.push(headers["code"] as string),
          })
          client.activate()
          Object.assign(globalThis, { noted, cut: () => client.forceDisconnect() })
        },
        { url: `${server.base.replace(/^http/, "ws")}/websocket`, destination: channel },
      )
      const noted = () => page.evaluate(() => (globalThis as never as { noted: Noted }).noted)
      const until = (count: number) =>
        page.waitForFunction(
          (wanted) => (globalThis as never as { noted: Noted }).noted.heard.length >= wanted,
          count,
        )
      await until(1)
      await publish(server.base + channel, "one")
      await until(2)
      await page.evaluate(() => (globalThis as never as { cut: () => void }).cut())
      for (const text of ["two", "three", "四"]) await publish(server.base + channel, text)
      await until(5)
      expect((await noted()).heard).toEqual(["queued a phone", "one", "two", "three", "四"])
      expect((await noted()).errors).toEqual([])
      await page.close()
    },
    deadlineMs,
  )
})
