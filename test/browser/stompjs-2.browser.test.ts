// stompjs 2.3.3 in a real Chromium, as pages written for Spring still have it: STOMP 1.1, `Stomp.client` and `Stomp.over`. It puts no frame
// together from parts, takes no escapes back, and acknowledges by message-id and subscription.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Browser } from "playwright-core"
import { hasChromium, launchChromium } from "../support/chromium.ts"
import { publish } from "../support/publish.ts"
import { freshChannel, startServer } from "../support/server.ts"

const deadlineMs = 120_000
const [sockjs, stompjs] = ["sockjs-client/dist/sockjs.min.js", "stompjs/lib/stomp.min.js"].map((path) =>
  readFileSync(fileURLToPath(new URL(`../../node_modules/${path}`, import.meta.url)), "utf8"),
) as [string, string]

type Headers = Record<string, string>

interface Frame {
  readonly headers: Headers
  readonly body: string
  ack(): void
}

interface Client {
  debug: unknown
  readonly ws: WebSocket
  connect(
    login: string,
    passcode: string,
    connected: (frame: Frame) => void,
    failed: (why: string | Frame) => void,
  ): void
  subscribe(destination: string, heard: (frame: Frame) => void, headers?: Headers): void
  send(destination: string, headers: Headers, body: string): void
  begin(): { readonly id: string; commit(): void }
}

/** What of both libraries a page uses here. */
interface Libraries {
  readonly SockJS: new (url: string, none: null, options: object) => WebSocket
  readonly Stomp: { client(url: string): Client; over(socket: WebSocket): Client }
}

/** What the page notes, to be read from here. */
interface Noted {
  readonly versions: string[]
  readonly heard: string[]
  readonly answers: string[]
  readonly acknowledged: string[]
  readonly receipts: string[]
  readonly ends: string[]
}

describe.skipIf(!hasChromium)("stompjs 2.3.3 in Chromium", () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  }, deadlineMs)
  afterAll(async () => {
    await browser?.close()
  })

  for (const way of ["WebSocket", "SockJS by websocket", "SockJS by xhr-streaming"])
    test(
      `[T2] [T3] [T12] [T14] [T16] [T18] [T20] [T24] by ${way}: listens, sends, acknowledges, is answered, and goes on after a cut`,
      async () => {
        await using server = await startServer({
          sockjs: { paths: { "/websocket": "stomp" } },
          onMessage: ({ channel, data }) =>
            channel === "/app/seckill" ? { publish: false, reply: `queued ${String(data)}` } : undefined,
        })
        const [channel, work] = [freshChannel("topic"), freshChannel("queue")]
        const page = await browser.newPage()
        await page.goto(`${server.base}/_/live`)
        for (const content of [sockjs, stompjs]) await page.addScriptTag({ content })
        await page.evaluate(
          ({ base, by, destination, queue }) => {
            const { SockJS, Stomp } = globalThis as never as Libraries
            const noted: Noted = {
              versions: [],
              heard: [],
              answers: [],
              acknowledged: [],
              receipts: [],
              ends: [],
            }
            let cursor = ""
            const open = (): void => {
              const client =
                by === "WebSocket"
                  ? Stomp.client(`${base.replace(/^http/, "ws")}/_/stomp`)
                  : Stomp.over(new SockJS(`${base}/websocket`, null, { transports: [by.split(" ").at(-1)] }))
              client.debug = null
              Object.assign(client, {
                onreceipt: ({ headers }: Frame) => void noted.receipts.push(headers["receipt-id"] as string),
              })
              const connected = ({ headers }: Frame): void => {
                noted.versions.push(`${headers["version"]}, ${headers["heart-beat"]}`)
                client.subscribe("/user/queue/seckill", ({ body }) => void noted.answers.push(body))
                client.subscribe(
                  destination,
                  ({ body, headers: { cursor: now, reset, colour } }) => {
                    cursor = now as string
                    noted.heard.push(reset ?? (colour ? `${colour} ${body}` : body))
                  },
                  { after: cursor },
                )
                const acknowledging = { ack: "client", "prefetch-count": "1", after: "" }
                client.subscribe(
                  queue,
                  (frame) => {
                    noted.acknowledged.push(frame.body)
                    frame.ack()
                  },
                  acknowledging,
                )
              }
              client.connect("guest", "guest", connected, (why) => {
                if (typeof why !== "string") return void noted.ends.push(why.headers["code"] as string)
                noted.ends.push("lost")
                if (noted.versions.length < 2) setTimeout(open, 50)
              })
              Object.assign(globalThis, { noted, client })
            }
            open()
          },
          { base: server.base, by: way, destination: channel, queue: work },
        )
        const until = (list: keyof Noted, count: number) =>
          page.waitForFunction(
            ([key, wanted]) => (globalThis as never as { noted: Noted }).noted[key].length >= wanted,
            [list, count] as const,
            { timeout: 30_000 },
          )
        await until("versions", 1)
        await page.evaluate(
          ({ destination, queue }) => {
            const { client } = globalThis as never as { client: Client }
            client.send("/app/seckill", {}, "a phone")
            client.send(destination, { colour: "red" }, "é".repeat(20_000))
            const transaction = client.begin()
            client.send(destination, { transaction: transaction.id }, "in it")
            client.send(destination, {}, "before it")
            transaction.commit()
            for (const task of ["a", "b", "c"]) client.send(queue, { receipt: task }, task)
          },
          { destination: channel, queue: work },
        )
        for (const list of ["heard", "acknowledged", "receipts"] as const) await until(list, 3)
        await publish(server.base + channel, "one")
        await until("heard", 4)
        await page.evaluate(() => (globalThis as never as { client: Client }).client.ws.close())
        for (const text of ["two", "three", "四 👩‍🍳"]) await publish(server.base + channel, text)
        await until("heard", 7)
        await page.evaluate(() =>
          (globalThis as never as { client: Client }).client.send("/no//channel", {}, "x"),
        )
        await until("ends", 3)
        expect(await page.evaluate(() => (globalThis as never as { noted: Noted }).noted)).toEqual({
          versions: ["1.1, 10000,10000", "1.1, 10000,10000"],
          heard: [`red ${"é".repeat(20_000)}`, "before it", "in it", "one", "two", "three", "四 👩‍🍳"],
          answers: ["queued a phone"],
          acknowledged: ["a", "b", "c"],
          receipts: ["a", "b", "c"],
          ends: ["lost", "bad_channel", "lost"],
        })
        await page.close()
      },
      deadlineMs,
    )
})
