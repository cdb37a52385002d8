// Calls of every operation that the OpenAPI document names: cases as data. How they are made and checked is in openapi.test.ts.
import { makeKey } from "../../src/access/credentials/keys.ts"

/** A call as the document would have it: values for its parameters, and a body. */
export interface Example {
  readonly status: number
  readonly path?: Record<string, string>
  readonly query?: Record<string, string>
  readonly body?: unknown
  /** Sent with this key; default the one that may do everything. */
  readonly key?: string | null
  readonly headers?: Record<string, string>
  /** The body is no example of the schema, on purpose. */
  readonly wrong?: true
}

/** A key that may do everything, and one that may publish orders. */
export const manager = makeKey("manager")
export const shop = makeKey("shop")

/** Everywhere: no credential, one that may not, one that is none. */
const strangers: Example[] = [
  { status: 401, key: null },
  { status: 401, key: "laba_manager_forged" },
  { status: 403, key: shop.text },
]

export const message = { channel: "/orders/1", data: { n: 1 } }

/** An id of a connection that is there, told when it is known. */
export const live = { path: { id: "(live)" } }
export const polled = { path: { id: "(polled)" } }
const gateway = { path: { api: "gateway" } }
const tencentPush = {
  action: "data send",
  secConnectionID: "node-1-AAAAAAAAAAAAAAAA",
  dataType: "text",
  data: "psst",
}
const gone = { path: { id: "node-1-AAAAAAAAAAAAAAAA" } }

/** For each operation, calls by which every status of its own occurs, in this order. */
export const examples: Record<string, readonly Example[]> = {
  publishMany: [
    { status: 200, body: { messages: [message, { ...message, type: "text/plain", data: "x" }] } },
    { status: 200, key: shop.text, body: { messages: [message] } },
    { status: 400, body: { messages: [] }, wrong: true },
    { status: 413, body: { messages: [{ ...message, data: "x".repeat(2000) }] } },
    { status: 415, body: "x", headers: { "content-type": "text/plain" }, wrong: true },
    { status: 401, key: null, body: { messages: [message] } },
    { status: 403, key: shop.text, body: { messages: [{ channel: "/other", data: 1 }] } },
  ],
  broadcast: [
    { status: 200, body: { channels: ["/a", "/b"], data: 1 } },
    { status: 400, body: { channels: ["a"], data: 1 } },
    { status: 413, body: { channels: ["/a"], data: "x".repeat(2000) } },
    { status: 415, body: "x", headers: { "content-type": "text/plain" }, wrong: true },
    { status: 401, key: null, body: { channels: ["/a"], data: 1 } },
    { status: 403, key: shop.text, body: { channels: ["/orders/1", "/a"], data: 1 } },
  ],
  pushToUser: [
    { status: 201, path: { user: "ann" }, body: { topic: "t", data: 1, key: "one" } },
    { status: 200, path: { user: "ann" }, body: { topic: "t", data: 1, key: "one" } },
    { status: 409, path: { user: "ann" }, body: { topic: "t", data: 2, key: "one" } },
    { status: 201, path: { user: "ann" }, body: { topic: "t", data: 1, key: "two" } },
    { status: 201, path: { user: "ann" }, body: { topic: "t", data: 1, key: "three" } },
    { status: 201, path: { user: "ann" }, body: { topic: "t", data: 1, key: "four" } },
    { status: 429, path: { user: "ann" }, body: { topic: "t", data: 1, key: "five" } },
    { status: 400, path: { user: "ann" }, body: { topic: "a//b", data: 1 } },
    { status: 400, path: { user: "x".repeat(300) }, body: { topic: "t", data: 1 } },
    { status: 413, path: { user: "ann" }, body: { topic: "t", data: "x".repeat(2000) } },
    { status: 415, path: { user: "ann" }, body: "x", headers: { "content-type": "text/plain" }, wrong: true },
    { status: 401, path: { user: "ann" }, key: null, body: { topic: "t", data: 1 } },
    { status: 403, path: { user: "ann" }, key: shop.text, body: { topic: "t", data: 1 } },
  ],
  listConnections: [
    { status: 200 },
    { status: 200, query: { limit: "1", cursor: "s0" } },
    { status: 400, query: { limit: "0" }, wrong: true },
    ...strangers,
  ],
  getConnection: [
    { status: 200, ...live },
    { status: 410, ...gone },
    ...strangers.map((one) => ({ ...one, ...live })),
  ],
  pushToConnection: [
    { status: 204, ...live, body: "psst", headers: { "content-type": "text/plain" } },
    { status: 410, ...gone, body: "psst", headers: { "content-type": "text/plain" } },
    { status: 409, ...polled, body: "psst", headers: { "content-type": "text/plain" } },
    { status: 413, ...live, body: "x".repeat(2000), headers: { "content-type": "text/plain" } },
    { status: 400, ...live, body: "{", headers: { "content-type": "application/json" } },
    { status: 415, ...live, body: "x", headers: { "content-type": "text/plain; charset=latin1" } },
    ...strangers.map((one) => ({ ...one, ...live, body: "x" })),
  ],
  closeConnection: [
    ...strangers.map((one) => ({ ...one, ...live })),
    { status: 400, ...polled, query: { code: "1006" }, wrong: true },
    { status: 400, ...polled, query: { reason: "x".repeat(124) } },
    { status: 204, ...polled },
    { status: 410, ...gone },
  ],
  pushAsTencent: [
    { status: 200, ...gateway, body: { websocket: tencentPush } },
    {
      status: 200,
      ...gateway,
      body: { websocket: { action: "closing", secConnectionID: "node-1-AAAAAAAAAAAAAAAA" } },
    },
    { status: 404, path: { api: "nothing" }, body: { websocket: tencentPush } },
    { status: 400, ...gateway, body: { websocket: { action: "shout" } }, wrong: true },
    { status: 413, ...gateway, body: "x".repeat(5 * 1024 * 1024), wrong: true },
    { status: 415, ...gateway, body: "x", headers: { "content-type": "text/plain" }, wrong: true },
    ...strangers.map((one) => ({ ...one, ...gateway, body: { websocket: tencentPush } })),
  ],
  listHooks: [{ status: 200 }, ...strangers],
  listChannels: [
    { status: 200 },
    { status: 200, query: { limit: "1" } },
    { status: 400, query: { cursor: "nonsense" } },
    ...strangers,
  ],
  channelHistory: [
    { status: 200, query: { channel: "/orders/1" } },
    { status: 200, query: { channel: "/orders/1", after: "old-1", limit: "1" } },
    { status: 400, query: { channel: "orders" } },
    { status: 401, key: null, query: { channel: "/orders/1" } },
    { status: 401, key: "laba_manager_forged", query: { channel: "/orders/1" } },
    { status: 403, key: shop.text, query: { channel: "/secret" } },
  ],
  channelPresence: [
    { status: 200, query: { channel: "/rooms/1" } },
    { status: 400, query: { channel: "rooms" } },
    { status: 404, query: { channel: "/orders/1" } },
    { status: 401, key: null, query: { channel: "/rooms/1" } },
    { status: 401, key: "laba_manager_forged", query: { channel: "/rooms/1" } },
    { status: 403, key: shop.text, query: { channel: "/rooms/1" } },
  ],
  listUsers: [{ status: 200 }, { status: 400, query: { limit: "x" }, wrong: true }, ...strangers],
  getUser: [
    { status: 200, path: { user: "ann" } },
    { status: 400, path: { user: "ann" }, query: { cursor: "?" } },
    ...strangers.map((one) => ({ ...one, path: { user: "ann" } })),
  ],
  listNodes: [{ status: 200 }, ...strangers],
  listIngests: [{ status: 200 }, ...strangers],
  pauseIngest: [
    { status: 204, path: { name: "orders" } },
    { status: 404, path: { name: "none" } },
    ...strangers.map((one) => ({ ...one, path: { name: "orders" } })),
  ],
  resumeIngest: [
    { status: 204, path: { name: "orders" } },
    { status: 404, path: { name: "none" } },
    ...strangers.map((one) => ({ ...one, path: { name: "orders" } })),
  ],
  replayIngest: [
    { status: 200, path: { name: "orders" } },
    { status: 400, path: { name: "orders" }, query: { from: "yesterday" } },
    { status: 404, path: { name: "none" } },
    ...strangers.map((one) => ({ ...one, path: { name: "orders" } })),
  ],
  disconnectUser: [
    { status: 200, path: { user: "nobody" } },
    ...strangers.map((one) => ({ ...one, path: { user: "ann" } })),
  ],
  revoke: [
    { status: 204, body: { token: "jti", expires: 4_000_000_000 } },
    { status: 204, body: { user: "nobody" } },
    { status: 400, body: { token: "jti" }, wrong: true },
    { status: 415, body: "x", headers: { "content-type": "text/plain" }, wrong: true },
    ...strangers.map((one) => ({ ...one, body: { user: "ann" } })),
  ],
  reloadConfig: [
    { status: 200, query: { dry: "true" } },
    { status: 200 },
    { status: 400, query: { dry: "perhaps" }, wrong: true },
    ...strangers,
  ],
  openApi: [{ status: 200 }, { status: 401, key: null }],
}

/** Statuses that need another server or another configuration; each has a test of its own below. */
export const elsewhere: Record<string, readonly number[]> = {
  publishMany: [429],
  broadcast: [429],
  revoke: [404, 413],
  reloadConfig: [404, 422],
  // Any key may read the document.
  openApi: [403],
}
