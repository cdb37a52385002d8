// A raw WebSocket: payloads and nothing else, both ways.
import { expect } from "bun:test"
import { headOf, publish } from "../../support/publish.ts"
import { listenByRawSocket } from "../../support/raw-socket.ts"
import {
  laba,
  longPoll,
  manyChannelPoll,
  manyChannelSse,
  rawWebSocket,
  sse,
} from "../../support/transports.ts"
import type { ConformanceCase } from "../case.ts"
import { openReady } from "./order.ts"

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
  {
    name: "[W1] speaks no subprotocol when none was offered",
    async run({ url }) {
      await using listener = await listenByRawSocket(url)
      expect(listener.socket.protocol).toBe("")
    },
  },
  {
    name: "stops counting a listener that has gone",
    over: [rawWebSocket, laba, sse, longPoll, manyChannelSse, manyChannelPoll],
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
