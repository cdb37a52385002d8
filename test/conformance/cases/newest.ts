// A poll without `after`: the newest message itself, a cached result with no database behind it. And HEAD.
import { expect } from "bun:test"
import { headOf, publish } from "../../support/publish.ts"
import { rawWebSocket } from "../../support/transports.ts"
import { type ConformanceCase, keeping, keepingNothing } from "../case.ts"

const inert = ["text/plain", "application/json", "application/octet-stream", "image/png"]
const active = [
  "text/html",
  "image/svg+xml",
  "text/xml",
  "application/xml",
  "application/javascript",
  "text/javascript",
]
const bare = (type: string | null): string => (type ?? "").split(";")[0] as string

export const newest: readonly ConformanceCase[] = [
  {
    name: "[Q1] answers the newest message itself, with an ETag that is its cursor",
    async run({ url }) {
      await publish(url, "old")
      const { cursor } = await publish(url, "new")
      const response = await fetch(url)
      expect([response.status, await response.text()]).toEqual([200, "new"])
      expect(response.headers.get("etag")).toBe(`"${cursor}"`)
      expect(response.headers.get("laba-cursor")).toBe(cursor)
    },
  },
  {
    name: "[Q1] answers 304 to the ETag it gave, and 200 once there is something newer",
    async run({ url }) {
      const { cursor } = await publish(url, "a")
      for (const tag of [`"${cursor}"`, `W/"${cursor}"`, `"other", "${cursor}"`, "*"]) {
        const response = await fetch(url, { headers: { "if-none-match": tag } })
        expect([tag, response.status, await response.text()]).toEqual([tag, 304, ""])
        expect(response.headers.get("etag")).toBe(`"${cursor}"`)
      }
      await publish(url, "b")
      const response = await fetch(url, { headers: { "if-none-match": `"${cursor}"` } })
      expect([response.status, await response.text()]).toEqual([200, "b"])
    },
  },
  {
    name: "[Q1] answers 204 with the cursor when there is no message yet, and that cursor resumes",
    async run({ url }) {
      const response = await fetch(url)
      const cursor = response.headers.get("laba-cursor")
      expect([response.status, await response.text()]).toEqual([204, ""])
      await publish(url, "first")
      expect(await (await fetch(`${url}?after=${cursor}`)).json()).toMatchObject({
        reset: null,
        messages: [{ data: "first" }],
      })
    },
  },
  {
    name: "[Q1] keeps the content type of inert types alone: a message is never a page on our origin",
    async run({ url }) {
      for (const type of inert) {
        await publish(url, type === "application/json" ? "{}" : "x", { type })
        expect(bare((await fetch(url)).headers.get("content-type"))).toBe(type)
      }
      for (const type of active) {
        await publish(url, "<script>alert(1)</script>", { type })
        const served = bare((await fetch(url)).headers.get("content-type"))
        expect([type, ["text/plain", "application/octet-stream"].includes(served)]).toEqual([type, true])
      }
    },
  },
  {
    name: "serves what was published with nosniff and a sandbox",
    async run({ url }) {
      await publish(url, "x")
      const { headers } = await fetch(url)
      expect(headers.get("x-content-type-options")).toBe("nosniff")
      expect(headers.get("content-security-policy")).toContain("sandbox")
    },
  },
  {
    name: "tells by HEAD the tail, how much is kept and how many listen, and changes nothing",
    options: keeping(3),
    async run({ base, channel, url }) {
      const empty = await headOf(url)
      expect([empty.history, empty.length, empty.listeners]).toEqual(["kept", 0, 0])
      let cursor = ""
      for (const text of ["a", "b", "c", "d"]) cursor = (await publish(url, text)).cursor
      await using _listener = await rawWebSocket.open(base, channel)
      expect(await headOf(url)).toEqual({ cursor, history: "kept", length: 3, listeners: 1 })
      expect(await headOf(url)).toEqual({ cursor, history: "kept", length: 3, listeners: 1 })
    },
  },
  {
    name: "[C9] says `none` of a channel without history, in HEAD and in the answer to a publish",
    options: keepingNothing,
    async run({ url }) {
      expect((await publish(url, "x")).history).toBe("none")
      expect(await headOf(url)).toMatchObject({ history: "none", length: 0 })
      expect((await fetch(url)).status).toBe(204)
    },
  },
]
