// What is published is what is heard, whatever it is made of.
import { expect } from "bun:test"
import { bytesOf, textOf } from "../../support/heard.ts"
import { pollOnce } from "../../support/poller.ts"
import { headOf, publish } from "../../support/publish.ts"
import { everyTransport } from "../../support/transports.ts"
import type { ConformanceCase } from "../case.ts"
import { openReady } from "./order.ts"

const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index)

const texts: readonly string[] = [
  "plain",
  "",
  " leading and trailing spaces ",
  "two\nlines",
  "\n",
  "\n\nblank lines\n\n",
  "data: looks like a field\nid: 7\n\nevent: reset",
  ": looks like a comment",
  "喇叭 📢 héllo",
  "\u0000 and \u2028 and \ufeff",
  "\ufeffa byte order mark first",
]

export const payloads: readonly ConformanceCase[] = [
  {
    name: "[P2] publishes a part of a form as what it says it is, a file that says nothing as what its bytes are, and a plain field as text",
    async run({ url }) {
      const parts: readonly (readonly [headers: string, published: string])[] = [
        ['name="data"', "text/plain"],
        ['name="data"\r\nContent-Type: application/json', "application/json"],
        ['name="data"; filename="a"\r\nContent-Type: image/png', "image/png"],
        ['name="data"; filename="a"', "text/plain"],
      ]
      for (const [headers, published] of parts) {
        const body = `--b\r\nContent-Disposition: form-data; ${headers}\r\n\r\n{}\r\n--b--\r\n`
        const type = "multipart/form-data; boundary=b"
        await fetch(url, { method: "POST", body, headers: { "content-type": type } })
        const served = (await fetch(url)).headers.get("content-type")?.split(";")[0]
        expect([headers, served]).toEqual([headers, published])
      }
    },
  },
  {
    name: "[P3] [S3] [W1] carries text unchanged: empty, many lines, what looks like protocol, any script",
    over: everyTransport,
    async run({ base, channel, url, transport }) {
      await using listener = await openReady(transport, base, channel)
      for (const text of texts) {
        await publish(url, text)
        expect(textOf(await listener.message())).toBe(text)
      }
    },
  },
  {
    name: "[S3] carries carriage returns unchanged where the transport can, and as line feeds over SSE",
    over: everyTransport,
    async run({ base, channel, url, transport }) {
      await using listener = await openReady(transport, base, channel)
      for (const text of ["a\r\nb", "a\rb", "\r", "a\r\n\r\nb\r"]) {
        await publish(url, text)
        const expected = transport.name === "SSE" ? text.replace(/\r\n?/g, "\n") : text
        expect(textOf(await listener.message())).toBe(expected)
      }
    },
  },
  {
    name: "[P3] [M1] carries JSON as JSON",
    over: everyTransport,
    async run({ base, channel, url, transport }) {
      await using listener = await openReady(transport, base, channel)
      const texts = ['{"a":[1,2.5,null,true],"b":"\\u00e9\\n"}', "[]", '"text"', "null", "0", "false"]
      for (const text of texts) {
        await publish(url, text, { type: "application/json" })
        const message = await listener.message()
        expect(JSON.parse(textOf(message))).toEqual(JSON.parse(text))
        if (!transport.isBare) expect(message.type).toBe("application/json")
      }
    },
  },
  {
    name: "[P3] tells the content type in one form, without its charset",
    async run({ url }) {
      const types: readonly (readonly [sent: string, told: string, data: unknown])[] = [
        ["APPLICATION/JSON; charset=UTF-8", "application/json", { a: 1 }],
        ["application/vnd.api+json", "application/vnd.api+json", { a: 1 }],
        ['text/csv;charset="utf-8"', "text/csv", '{"a":1}'],
        ["image/png", "image/png", btoa('{"a":1}')],
      ]
      for (const [sent, told, data] of types) {
        const { cursor } = await headOf(url)
        await publish(url, '{"a":1}', { type: sent })
        expect((await pollOnce(`${url}?after=${cursor}`)).messages).toMatchObject([{ type: told, data }])
      }
    },
  },
  {
    name: "[P3] [S4] [W1] carries bytes: as a binary frame, as base64 with an event name or a flag that says so",
    over: everyTransport.filter((one) => one.carriesBytes),
    async run({ base, channel, url, transport }) {
      await using listener = await openReady(transport, base, channel)
      for (const bytes of [everyByte, new Uint8Array(0), Uint8Array.of(0xff, 0xfe)]) {
        await publish(url, bytes, { type: "application/octet-stream" })
        const message = await listener.message()
        expect(message.data).toBeInstanceOf(Uint8Array)
        expect([...bytesOf(message)]).toEqual([...bytes])
      }
    },
  },
  {
    name: "[P2] publishes the field `data` of a form, URL-encoded or multipart",
    over: everyTransport,
    async run({ base, channel, url, transport }) {
      await using listener = await openReady(transport, base, channel)
      const text = "a=b & c+d %41 喇叭\nline"
      const multipart = new FormData()
      multipart.set("other", "ignored")
      multipart.set("data", text)
      for (const body of [new URLSearchParams({ other: "ignored", data: text }), multipart]) {
        expect((await fetch(url, { method: "POST", body })).status).toBe(201)
        expect(textOf(await listener.message()).replaceAll("\r\n", "\n")).toBe(text)
      }
    },
  },
  {
    name: "[P5] carries a message of the greatest size",
    over: everyTransport,
    async run({ base, channel, url, transport }) {
      await using listener = await openReady(transport, base, channel)
      const text = "x".repeat(64 * 1024)
      await publish(url, text)
      expect(textOf(await listener.message())).toBe(text)
    },
  },
  {
    name: "[C3] [P1] answers 201 with channel, cursor, id, listeners and whether history is kept",
    async run({ channel, url }) {
      const response = await fetch(url, { method: "POST", body: new URLSearchParams({ data: "x" }) })
      expect(response.status).toBe(201)
      expect(response.headers.get("content-type")).toStartWith("application/json")
      const answer = (await response.json()) as Record<string, unknown>
      expect(answer).toMatchObject({ channel, duplicate: false, listeners: 0, history: "kept" })
      expect(answer["cursor"]).toMatch(/^[0-9A-Za-z]{1,24}-1\.[0-9a-z]{1,5}$/)
      expect(answer["id"]).toBeString()
    },
  },
  {
    name: "[P1] counts every listener in the answer, held polls included",
    over: everyTransport.filter((one) => one.isHeld || one.name === "long-poll"),
    async run({ base, channel, url, transport }) {
      await using one = await openReady(transport, base, channel)
      await using _other = await openReady(transport, base, channel)
      // A poll is heard by the server a little after it was asked; a publish that it missed it gets all the same.
      let listeners = 0
      for (let attempt = 0; attempt < 200 && listeners !== 2; attempt++) {
        const answer = await publish(url, String(attempt))
        await one.message()
        listeners = answer.listeners
      }
      expect(listeners).toBe(2)
    },
  },
]
