// Clients that break the rules of HTTP or WebSocket: they are sent away or cut, and nobody else notices.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { textOf } from "../support/heard.ts"
import { headOf, publish } from "../support/publish.ts"
import { RawConnection } from "../support/raw-tcp.ts"
import { freshChannel, startServer, type TestServer } from "../support/server.ts"
import { rawWebSocket, sse } from "../support/transports.ts"
import { clientFrame, openRawWebSocket } from "../support/websocket-frames.ts"

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const badFrames: readonly (readonly [name: string, frame: Uint8Array])[] = [
  ["is not masked", Uint8Array.of(0x81, 1, 0x78)],
  ["has a reserved opcode", clientFrame(3, bytes("x"))],
  ["has a reserved bit", Uint8Array.of(0xf1, 0x81, 0, 0, 0, 0, 0x78)],
  ["is text and not UTF-8", clientFrame(1, Uint8Array.of(0xff, 0xfe))],
  ["continues what was not begun", clientFrame(0, bytes("x"))],
  ["is a ping of more than 125 bytes", clientFrame(9, new Uint8Array(126))],
  [
    "says it is of 2^63 bytes",
    Uint8Array.of(0x82, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0),
  ],
]

describe("a hostile client", () => {
  for (const [name, frame] of badFrames) {
    test.concurrent(
      `is closed after a frame that ${name}; nothing is published and the others go on`,
      async () => {
        const channel = freshChannel()
        const url = server.base + channel
        await using other = await rawWebSocket.open(server.base, channel)
        await using hostile = await openRawWebSocket(server.base, channel)
        hostile.send(frame)
        await hostile.closed()
        expect((await headOf(url)).length).toBe(0)
        await publish(url, "still here")
        expect(textOf(await other.message())).toBe("still here")
      },
      60_000,
    )
  }

  for (const [name, begin] of [
    ["headers", "POST /never HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "],
    [
      "a body",
      "POST /never HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nbegin",
    ],
    [
      "a chunked body",
      "POST /never HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n",
    ],
  ] as const) {
    test.concurrent(
      `is cut when it begins ${name} and never goes on`,
      async () => {
        await using hostile = await RawConnection.open(server.base)
        hostile.send(begin)
        const giveUpAt = Date.now() + 25_000
        while (!hostile.ended && Date.now() < giveUpAt) await Bun.sleep(50)
        expect(hostile.ended).toBeTrue()
        expect((await headOf(`${server.base}/never`)).length).toBe(0)
      },
      60_000,
    )
  }

  for (const [name, garbage] of [
    ["no HTTP", "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"],
    ["a broken request line", "GET\r\n\r\n"],
    [
      "two lengths",
      "POST /never HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    ],
    [
      "a length and chunks",
      "POST /never HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
    ],
    [
      "a chunk size that is none",
      "POST /never HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nx\r\n",
    ],
    ["an endless header", `GET /never HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${"x".repeat(100_000)}`],
  ] as const) {
    test.concurrent(
      `changes nothing by sending ${name}`,
      async () => {
        const channel = freshChannel()
        await using other = await sse.open(server.base, channel)
        await using hostile = await RawConnection.open(server.base)
        hostile.send(garbage)
        await hostile.closed()
        expect(hostile.text).not.toContain("HTTP/1.1 20")
        expect((await headOf(`${server.base}/never`)).length).toBe(0)
        await publish(server.base + channel, "still here")
        expect(textOf(await other.message())).toBe("still here")
      },
      60_000,
    )
  }
})
