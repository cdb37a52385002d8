// What a client asks its connection to become: a WebSocket, or something that may be passed over.
import { expect } from "bun:test"
import { publish } from "../../support/publish.ts"
import { askRaw, RawConnection } from "../../support/raw-tcp.ts"
import type { ConformanceCase } from "../case.ts"
import { rawRefusal } from "../refusal.ts"

const webSocket = [
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
]

/** What Java's `HttpClient` sends with every request, and `curl --http2`. */
const h2c = [
  "Connection: Upgrade, HTTP2-Settings",
  "Upgrade: h2c",
  "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
]

export const upgrades: readonly ConformanceCase[] = [
  {
    name: "[W8] passes over an offer of any other upgrade, for the newest message, a poll and an event stream",
    async run({ base, channel, url }) {
      const { cursor } = await publish(url, "x")
      for (const offer of [h2c, ["Connection: upgrade", "Upgrade: TLS/1.0, foo"], ["Upgrade: h2c"]]) {
        const newest = await askRaw(base, { line: `GET ${channel}`, headers: offer })
        expect([offer, newest?.status, newest?.body]).toEqual([offer, 200, "x"])
        const poll = await askRaw(base, { line: `GET ${channel}?after=${cursor}`, headers: offer })
        expect([offer, poll?.status]).toEqual([offer, 200])
        await using stream = await RawConnection.open(base)
        stream.request(`GET ${channel}`, [
          `Host: ${new URL(base).host}`,
          "Accept: text/event-stream",
          ...offer,
        ])
        expect(
          await stream.until(() => (stream.text.includes("event: position") ? stream.text : null)),
        ).toStartWith("HTTP/1.1 200 ")
      }
    },
  },
  {
    name: "[W8] takes `websocket` from a list of what is offered",
    async run({ base, channel }) {
      await using connection = await RawConnection.open(base)
      connection.request(`GET ${channel}`, [
        `Host: ${new URL(base).host}`,
        "Connection: keep-alive, UPGRADE",
        "Upgrade: WebSocket",
        ...webSocket.slice(1),
      ])
      expect((await connection.answer())?.status).toBe(101)
    },
  },
  {
    name: "[W8] has nothing but WebSockets at `/_/ws`",
    async run({ base }) {
      for (const offer of [h2c, []]) {
        const { status, body } = await rawRefusal(base, "GET /_/ws", offer)
        expect([status, (JSON.parse(body) as { code: string }).code]).toEqual([426, "upgrade_not_supported"])
      }
    },
  },
  {
    name: "[W8] refuses a handshake where no WebSocket opens, instead of answering a page",
    async run({ base, channel }) {
      for (const path of ["/", `/_/events?channel=${channel}`, "/_/client.js", "/_/session"]) {
        const { status, body } = await rawRefusal(base, `GET ${path}`, ["Connection: Upgrade", ...webSocket])
        expect([path, status, JSON.parse(body)]).toMatchObject([path, 400, { code: "bad_request" }])
      }
    },
  },
  {
    name: "[W9] refuses a handshake whose `Connection` does not say `Upgrade`, and what is behind it",
    async run({ base, channel }) {
      for (const connection of [[], ["Connection: keep-alive"], ["Connection: upgraded"]]) {
        for (const path of [channel, "/_/ws"]) {
          const answer = await askRaw(base, { line: `GET ${path}`, headers: [...webSocket, ...connection] })
          expect([connection, answer?.status]).toEqual([connection, 400])
          expect((JSON.parse(answer?.body ?? "") as { code: string }).code).toBe("bad_request")
        }
      }
    },
  },
]
