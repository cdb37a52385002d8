// A raw WebSocket: payloads and nothing else, both ways.
import { expect } from "bun:test"
import type { ServeOptions } from "../../../src/server/index.ts"
import { codes } from "../../../wire/codes.ts"
import { headOf, publish } from "../../support/publish.ts"
import { listenByRawSocket } from "../../support/raw-socket.ts"
import { RawConnection } from "../../support/raw-tcp.ts"
import {
  laba,
  longPoll,
  manyChannelPoll,
  manyChannelSse,
  rawWebSocket,
  sockJsTransports,
  sse,
} from "../../support/transports.ts"
import type { ConformanceCase } from "../case.ts"
import { openReady } from "./order.ts"

interface RefusedPublish {
  /** Ends the sentence "when it sends …". */
  readonly why: string
  readonly code: keyof typeof codes &
    ("forbidden" | "unauthorized" | "too_large" | "hook_failed" | "too_many_requests")
  /** The last one is refused. */
  readonly messages: readonly string[]
  readonly options?: ServeOptions
}

const refusedPublishes: readonly RefusedPublish[] = [
  { why: "a message that is too large", code: "too_large", messages: ["x".repeat(65_537)] },
  {
    why: "where nobody may publish",
    code: "forbidden",
    messages: ["x"],
    options: { channels: { "/**": { publish: "nobody" } } },
  },
  {
    why: "without the credential that it takes",
    code: "unauthorized",
    messages: ["x"],
    options: {
      tokens: { secret: "a secret of 32 bytes, for tests only" },
      channels: { "/**": { listen: "anyone", publish: "token" } },
    },
  },
  {
    why: "what the application refuses",
    code: "forbidden",
    messages: ["good", "bad"],
    options: { onMessage: ({ data }) => (data === "bad" ? { refuse: { detail: "Not that." } } : undefined) },
  },
  {
    why: "what the application fails at",
    code: "hook_failed",
    messages: ["x"],
    options: {
      logTo: () => {},
      onMessage() {
        throw new Error("no database")
      },
    },
  },
  {
    why: "more than it may in a second",
    code: "too_many_requests",
    messages: ["1", "2"],
    options: { limits: { publishesPerChannelPerSecond: 0.01 } },
  },
]

export const rawSocket: readonly ConformanceCase[] = [
  {
    name: "[W4] publishes what a raw WebSocket sends: text as text, binary as bytes; the sender hears itself",
    async run({ base, channel, url }) {
      await using sender = await listenByRawSocket(url)
      await using other = await openReady(sse, base, channel)
      sender.socket.send("喇叭")
      for (const listener of [sender, other]) expect(await listener.message()).toMatchObject({ data: "喇叭" })
      sender.socket.send(Uint8Array.of(0, 255))
      for (const listener of [sender, other])
        expect(await listener.message()).toMatchObject({ data: Uint8Array.of(0, 255) })
      const response = await fetch(url)
      expect(response.headers.get("content-type")).toBe("application/octet-stream")
      expect((await headOf(url)).length).toBe(2)
    },
  },
  {
    name: "[W4] keeps the order in which one WebSocket sends",
    async run({ base, channel, url }) {
      await using sender = await listenByRawSocket(url)
      await using other = await openReady(rawWebSocket, base, channel)
      const texts = Array.from({ length: 200 }, (_, index) => String(index))
      for (const text of texts) sender.socket.send(text)
      expect((await other.messages(200)).map((message) => message.data as string)).toEqual(texts)
    },
  },
  ...refusedPublishes.map(({ why, code, messages, options }): ConformanceCase => ({
    name: `[W6] ends with ${codes[code].close} \`${code}\` when it sends ${why}`,
    ...(options && { options }),
    async run({ url }) {
      await using sender = await listenByRawSocket(url)
      for (const message of [...messages, "behind"]) sender.socket.send(message)
      for (const message of messages.slice(0, -1))
        expect(await sender.message()).toMatchObject({ data: message })
      expect(await sender.end()).toMatchObject({ code, number: codes[code].close })
      expect((await headOf(url)).length).toBe(messages.length - 1)
    },
  })),
  {
    name: "[W7] is told which version of WebSocket is spoken when it asks for another",
    async run({ base, channel }) {
      await using connection = await RawConnection.open(base)
      connection.request(`GET ${channel}`, [
        `Host: ${new URL(base).host}`,
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 8",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      ])
      const answer = await connection.answer()
      expect([
        answer?.status,
        answer?.headers.get("sec-websocket-version"),
        answer?.headers.get("upgrade"),
      ]).toEqual([426, "13", "websocket"])
    },
  },
  {
    name: "[W1] speaks no subprotocol when none was offered",
    async run({ url }) {
      await using listener = await listenByRawSocket(url)
      expect(listener.socket.protocol).toBe("")
    },
  },
  {
    name: "stops counting a listener that has gone",
    over: [rawWebSocket, laba, sse, longPoll, manyChannelSse, manyChannelPoll, ...sockJsTransports],
    async run({ base, channel, url, transport }) {
      {
        await using _listener = await openReady(transport, base, channel)
        while ((await headOf(url)).listeners !== 1) await Bun.sleep(2)
      }
      while ((await headOf(url)).listeners > 0) await Bun.sleep(2)
      expect((await publish(url, "y")).listeners).toBe(0)
    },
  },
]
