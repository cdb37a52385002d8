// Without keys only this machine may use the server, and no web page and no local proxy opens it by accident.
import { expect } from "bun:test"
import { headOf, post, problemIn } from "../../support/publish.ts"
import type { ConformanceCase } from "../case.ts"
import { rawRefusal } from "../refusal.ts"
import { handshakeHeaders } from "../../support/websocket-frames.ts"

const foreign: readonly (readonly [name: string, header: string])[] = [
  ["a foreign Origin", "Origin: https://evil.example"],
  ["an opaque Origin", "Origin: null"],
  ["a foreign Host, as after DNS rebinding", "Host: evil.example"],
  ["an X-Forwarded-For", "X-Forwarded-For: 203.0.113.7"],
  ["a Forwarded", "Forwarded: for=203.0.113.7"],
]

export const visitors: readonly ConformanceCase[] = [
  ...foreign.map(([name, header]): ConformanceCase => ({
    name: `refuses ${name} when there are no keys, for publishing, polling, streams and WebSockets alike`,
    options: {},
    async run({ base, channel, url }) {
      const before = await headOf(url)
      const requests: readonly (readonly [line: string, headers: readonly string[], body?: string])[] = [
        [`POST ${channel}`, [header, "Content-Type: text/plain", "Content-Length: 1"], "x"],
        [`GET ${channel}`, [header]],
        [`GET ${channel}`, [header, "Accept: text/event-stream"]],
        [`DELETE ${channel}`, [header]],
        [`GET /_/poll?channel=${channel}`, [header]],
      ]
      for (const [line, headers, body] of requests) {
        const { status, body: text } = await rawRefusal(base, line, headers, body)
        expect([line, status, JSON.parse(text)]).toMatchObject([line, 403, { code: "foreign_origin" }])
      }
      const handshake = await rawRefusal(base, `GET ${channel}`, [header, ...handshakeHeaders])
      expect(handshake.status).toBe(403)
      expect(await headOf(url)).toEqual(before)
    },
  })),
  {
    name: "lets pages of this machine in: any loopback name, any port",
    options: {},
    async run({ url }) {
      for (const origin of ["http://localhost:3000", "http://127.0.0.1:5173", "http://[::1]:1"]) {
        const response = await fetch(url, { method: "POST", body: "x", headers: { origin } })
        expect([origin, response.status]).toEqual([origin, 201])
      }
    },
  },
  {
    name: "[E1] answers an error as a problem with a type, title, status, detail, code and retry",
    async run({ url }) {
      const problem = await problemIn(await post(url, "{", { type: "application/json" }))
      expect(Object.keys(problem).sort()).toEqual(["code", "detail", "retry", "status", "title", "type"])
    },
  },
]
