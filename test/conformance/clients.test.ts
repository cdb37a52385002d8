// The clients that people really have: curl as the README writes it, the `ws` package on Node, the `eventsource`
// package. The browser's own are in test/browser.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { curl } from "../support/curl.ts"
import { EventSourceListener, type EventSourceLine } from "../support/event-source-package.ts"
import { headOf, publish, publishAll } from "../support/publish.ts"
import { startProcess } from "../support/process.ts"
import { fourLines } from "./four-lines.ts"
import { foreignBase, freshChannel, startDefaultServer, startServer } from "../support/server.ts"
import { WsOnNode } from "../support/ws-package.ts"

/** Started as the README says, unless LABA_BASE_URL names another. */
let server: AsyncDisposable & { readonly base: string }
beforeAll(async () => {
  server = foreignBase === null ? await startProcess() : await startDefaultServer()
})
afterAll(() => server[Symbol.asyncDispose]())

/** As in the README, under a name of this test's own. */
const hello = (): string => `${server.base}${freshChannel("channel")}/hello`

describe("the four lines", () => fourLines(hello))

describe("curl otherwise", () => {
  test("publishes a file of bytes, a multipart form and JSON", async () => {
    const url = hello()
    await using listener = new WsOnNode(url)
    await listener.next()
    await curl("-F", "data=from a form", url)
    expect(await listener.next()).toEqual({ event: "message", text: "from a form" })
    await curl("-H", "Content-Type: application/json", "-d", '{"a":1}', url)
    expect(await listener.next()).toEqual({ event: "message", text: '{"a":1}' })
    await curl(
      "-H",
      "Content-Type: application/octet-stream",
      "--data-binary",
      "@/bin/true",
      "-o",
      "/dev/null",
      url,
    )
    const bytes = await Bun.file("/bin/true").bytes()
    if (bytes.length <= 64 * 1024) {
      expect(await listener.next()).toEqual({ event: "message", base64: bytes.toBase64() })
    }
  })

  test("asks with -I and deletes with -X DELETE", async () => {
    const url = hello()
    await curl("-d", "data=x", url)
    expect((await curl("-I", url)).output.toLowerCase()).toContain("laba-cursor: ")
    expect(JSON.parse((await curl("-X", "DELETE", url)).output)).toMatchObject({ messages: 1 })
  })
})

describe("the `ws` package on Node", () => {
  test("[W2] resumes with ?after=, and is closed with 4201 `reset` where it cannot", async () => {
    const url = hello()
    const answers = await publishAll(url, ["a", "b", "c"])
    await using listener = new WsOnNode(`${url}?after=${answers[0]?.cursor}`)
    expect(await listener.next()).toMatchObject({ event: "open" })
    for (const text of ["b", "c"]) expect(await listener.next()).toEqual({ event: "message", text })
    await using late = new WsOnNode(`${url}?after=0other-1`)
    expect(await late.next()).toMatchObject({ event: "open" })
    expect(await late.next()).toEqual({ event: "close", code: 4201, reason: "reset" })
  })

  test("[W4] publishes what it sends", async () => {
    const url = hello()
    await using listener = new WsOnNode(url)
    await listener.next()
    listener.send("from ws")
    expect(await listener.next()).toEqual({ event: "message", text: "from ws" })
    expect(await (await fetch(url)).text()).toBe("from ws")
  })

  test("[L1] [W3] is answered laba.v1 when it offers it, and refused when it offers only what is not spoken", async () => {
    await using speaking = new WsOnNode(hello(), ["laba.v1"])
    expect(await speaking.next()).toEqual({ event: "open", protocol: "laba.v1" })
    await using strange = new WsOnNode(hello(), ["mqtt"])
    expect(await strange.next()).toEqual({ event: "refused", status: 400 })
  })
})

describe("the `eventsource` package", () => {
  test("hears messages with their cursors, bytes as `binary`", async () => {
    const url = hello()
    await using listener = new EventSourceListener(url)
    expect(await listener.next()).toEqual({ event: "open" })
    const text = await publish(url, "two\nlines")
    expect(await listener.next()).toEqual({ event: "message", data: "two\nlines", id: text.cursor })
    const bytes = await publish(url, Uint8Array.of(0, 255), { type: "application/octet-stream" })
    expect(await listener.next()).toEqual({ event: "binary", data: "AP8=", id: bytes.cursor })
  })

  test("[S5] [S8] comes back by itself with the cursor of what it heard last, and misses nothing", async () => {
    await using own = await startServer(shortStreams)
    const url = own.base + freshChannel()
    await using listener = new EventSourceListener(url)
    expect(await listener.next()).toEqual({ event: "open" })
    const { cursor } = await publish(url, "first")
    expect(await nextEvent(listener)).toMatchObject({ data: "first" })
    await untilNobody(url)
    await publish(url, "in between")
    expect(await nextEvent(listener)).toMatchObject({ data: "in between" })
    expect(listener.asked.slice(0, 2)).toEqual([null, cursor])
  })

  // The package drops an `id:` that comes without `data:`, so the position must be an event.
  test("[S2] comes back with the position it was given before any message", async () => {
    await using own = await startServer(shortStreams)
    const url = own.base + freshChannel()
    const { cursor } = await headOf(url)
    await using listener = new EventSourceListener(url)
    for (let streams = 0; streams < 2;) if ((await listener.next()).event === "open") streams++
    expect(listener.asked.slice(0, 2)).toEqual([null, cursor])
  })
})

/** Streams that end within two seconds or three: time enough to hear a first message on a busy machine. */
const shortStreams = { limits: { streamSecondsMax: 2, heartbeatSeconds: 1 } }

/** What comes next besides being opened and cut. */
async function nextEvent(listener: EventSourceListener): Promise<EventSourceLine> {
  let line = await listener.next()
  while (line.event === "open" || line.event === "error") line = await listener.next()
  return line
}

async function untilNobody(url: string): Promise<void> {
  while ((await headOf(url)).listeners > 0) await Bun.sleep(5)
}
