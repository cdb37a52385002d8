// What bad input gets: a status, a code that is stable, and nothing changed. One row a mistake.
import { expect } from "bun:test"
import { entryOf } from "../../../wire/codes.ts"
import { type Problem } from "../../../wire/error.ts"
import { headOf, publish } from "../../support/publish.ts"
import type { ConformanceCase } from "../case.ts"
import { type BadInput, rawRefusal, refusalOf } from "../refusal.ts"
import { badBodies } from "./bad-bodies.ts"
import { badNames } from "./bad-names.ts"

const upgrade = [
  "Connection: Upgrade",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
]

const badRequests: readonly BadInput[] = [
  {
    name: "a malformed cursor in `after`",
    status: 400,
    code: "bad_cursor",
    send: ({ url }) => refusalOf(fetch(`${url}?after=!`)),
  },
  {
    name: "a malformed cursor in `Last-Event-ID`",
    status: 400,
    code: "bad_cursor",
    send: ({ url }) =>
      refusalOf(fetch(url, { headers: { accept: "text/event-stream", "last-event-id": "no" } })),
  },
  {
    name: "an empty `after`",
    status: 400,
    code: "bad_cursor",
    send: ({ url }) => refusalOf(fetch(`${url}?after=`)),
  },
  {
    name: "two `after`",
    status: 400,
    code: "bad_query",
    send: ({ url }) => refusalOf(fetch(`${url}?after=a-1&after=a-2`)),
  },
  {
    name: "a broken cursor of many channels",
    status: 400,
    code: "bad_cursor",
    send: ({ url }) => refusalOf(fetch(`${url}?after=~abc~a-1.`)),
  },
  {
    name: "a `wait` that is no number",
    status: 400,
    code: "bad_query",
    send: ({ url }) => refusalOf(fetch(`${url}?wait=soon`)),
  },
  {
    name: "a negative `wait`",
    status: 400,
    code: "bad_query",
    send: ({ url }) => refusalOf(fetch(`${url}?wait=-1`)),
  },
  {
    name: "a `Range`",
    status: 416,
    code: "range_not_supported",
    send: ({ url }) => refusalOf(fetch(url, { headers: { range: "bytes=0-1" } })),
  },
  ...["8", "14", "13, 8", "x", null].map((version): BadInput => ({
    name: version === null ? "a WebSocket without a version" : `a WebSocket of version ${version}`,
    status: 426,
    code: "upgrade_not_supported",
    send: ({ base, channel }) =>
      rawRefusal(base, `GET ${channel}`, [
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ...(version === null ? [] : [`Sec-WebSocket-Version: ${version}`]),
      ]),
  })),
  {
    name: "a WebSocket subprotocol that is not spoken here",
    status: 400,
    code: "bad_subprotocol",
    send: ({ base, channel }) =>
      rawRefusal(base, `GET ${channel}`, [
        ...upgrade,
        "Upgrade: websocket",
        "Sec-WebSocket-Protocol: mqtt, graphql-ws",
      ]),
  },
  ...["PUT", "PATCH"].map((method): BadInput => ({
    name: `the method ${method}`,
    status: 405,
    code: "method_not_allowed",
    send: ({ url }) => refusalOf(fetch(url, { method, body: "x" })),
  })),
  {
    name: "a Host that is no host",
    status: 400,
    code: "bad_request",
    send: ({ base, channel }) => rawRefusal(base, `GET ${channel}`, ["Host: not a host"]),
  },
  {
    name: "a query that is too long",
    status: 414,
    code: "query_too_long",
    send: ({ url }) => refusalOf(fetch(`${url}?after=${"a".repeat(9000)}`)),
  },
  {
    name: "an Idempotency-Key that is too long",
    status: 400,
    code: "bad_key",
    send: ({ url }) =>
      refusalOf(fetch(url, { method: "POST", body: "x", headers: { "idempotency-key": "k".repeat(256) } })),
  },
  {
    name: "an empty Idempotency-Key",
    status: 400,
    code: "bad_key",
    send: ({ url }) =>
      refusalOf(fetch(url, { method: "POST", body: "x", headers: { "idempotency-key": "" } })),
  },
  {
    name: "an Idempotency-Key with a space in it",
    status: 400,
    code: "bad_key",
    send: ({ url }) =>
      refusalOf(fetch(url, { method: "POST", body: "x", headers: { "idempotency-key": "a b" } })),
  },
  {
    name: "many channels at once without one",
    status: 400,
    code: "bad_query",
    send: ({ base }) => refusalOf(fetch(`${base}/_/poll`)),
  },
  {
    name: "more channels at once than allowed",
    status: 400,
    code: "too_many_channels",
    send: ({ base }) => {
      const query = Array.from({ length: 129 }, (_, index) => `channel=/many/${index}`).join("&")
      return refusalOf(fetch(`${base}/_/poll?${query}`))
    },
  },
  {
    name: "a place under `/_/` that is not there",
    status: 404,
    code: "not_found",
    send: ({ base }) => refusalOf(fetch(`${base}/_/nothing`)),
  },
]

export const badInput: readonly ConformanceCase[] = [...badRequests, ...badBodies, ...badNames].map(
  (row) => ({
    name: `${row.code === "bad_channel" ? "[C2] " : ""}[E1] [E2] [P6] refuses ${row.name} with ${row.status} \`${row.code}\`, and nothing is changed`,
    async run(scene) {
      await publish(scene.url, "before")
      const before = await headOf(scene.url)
      const { status, contentType, body } = await row.send(scene)
      expect([status, contentType.split(";")[0], codeIn(body)]).toEqual([
        row.status,
        "application/problem+json",
        row.code,
      ])
      expect(JSON.parse(body) as Problem).toMatchObject({
        status: row.status,
        type: expect.any(String),
        title: expect.any(String),
        detail: expect.any(String),
        retry: entryOf(row.code).retry,
      })
      expect(await headOf(scene.url)).toEqual(before)
    },
  }),
)

function codeIn(body: string): string {
  try {
    return (JSON.parse(body) as Problem).code
  } catch {
    return `no JSON: ${body.slice(0, 200)}`
  }
}
