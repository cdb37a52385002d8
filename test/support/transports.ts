// The ways to listen, as one list: a conformance case is written once and run over each. What differs between them is
// said here in facts, so that a case can choose.
import type { ServeOptions } from "../../src/server/index.ts"
import type { Listener } from "./heard.ts"
import { listenByLaba } from "./laba-socket.ts"
import { listenByPoll } from "./poller.ts"
import { listenByRawSocket } from "./raw-socket.ts"
import { dialSockJs, type SockJsCarrier } from "./sockjs-socket.ts"
import { listenByStomp } from "./stomp-listener.ts"
import { listenBySse } from "./sse-stream.ts"

export interface Transport {
  readonly name:
    | "raw WebSocket"
    | "laba.v1"
    | "STOMP"
    | "SSE"
    | "long-poll"
    | "poll"
    | "many-channel SSE"
    | "many-channel poll"
    | `${"raw" | "laba.v1" | "STOMP"} over SockJS ${SockJsCarrier}`
  /** Messages come with a cursor, and a position comes before any message. Not so on a raw WebSocket. */
  readonly tellsCursor: boolean
  /** Its cursor is that of the one channel, and so good on every other transport that tells it. */
  readonly tellsOwnCursor: boolean
  /** The server keeps the connection and can write to it at any time. */
  readonly isHeld: boolean
  /** A message without a name, number or type around it: payload bytes as they were. */
  readonly isBare: boolean
  /** It can be opened from a cursor. */
  readonly resumes: boolean
  /** Bytes that are no UTF-8 reach it. */
  readonly carriesBytes: boolean
  /** It is there where the configuration says so: `sockJsServices`. */
  readonly isConfigured: boolean
  /** Listens at `channel` of the server at `base`, from `after` or from now on; answers once connected. */
  open(base: string, channel: string, after?: string): Promise<Listener>
}

/** What is so for nearly all of them. */
const usual = { resumes: true, carriesBytes: true, isConfigured: false } as const

const query = (after: string | undefined): string => (after === undefined ? "" : `?after=${after}`)
const afterOf = (after: string | undefined): { after?: string } => (after === undefined ? {} : { after })
const many = (base: string, place: string, channel: string): string =>
  `${base}/_/${place}?channel=${encodeURIComponent(channel)}`

export const rawWebSocket: Transport = {
  ...usual,
  name: "raw WebSocket",
  tellsCursor: false,
  tellsOwnCursor: false,
  isHeld: true,
  isBare: true,
  open: (base, channel, after) => listenByRawSocket(base + channel + query(after)),
}

export const laba: Transport = {
  ...usual,
  name: "laba.v1",
  tellsCursor: true,
  tellsOwnCursor: true,
  isHeld: true,
  isBare: false,
  open: (base, channel, after) => listenByLaba(base, channel, after),
}

export const stomp: Transport = {
  ...usual,
  name: "STOMP",
  tellsCursor: true,
  tellsOwnCursor: true,
  isHeld: true,
  isBare: false,
  open: (base, channel, after) => listenByStomp(base, channel, after),
}

export const sse: Transport = {
  ...usual,
  name: "SSE",
  tellsCursor: true,
  tellsOwnCursor: true,
  isHeld: true,
  isBare: true,
  open: (base, channel, after) => listenBySse(base + channel + query(after)),
}

export const longPoll: Transport = {
  ...usual,
  name: "long-poll",
  tellsCursor: true,
  tellsOwnCursor: true,
  isHeld: false,
  isBare: false,
  open: (base, channel, after) => listenByPoll({ url: base + channel, waitSeconds: 25, ...afterOf(after) }),
}

const poll: Transport = {
  ...usual,
  name: "poll",
  tellsCursor: true,
  tellsOwnCursor: true,
  isHeld: false,
  isBare: false,
  open: (base, channel, after) => listenByPoll({ url: base + channel, ...afterOf(after) }),
}

export const manyChannelSse: Transport = {
  ...usual,
  name: "many-channel SSE",
  tellsCursor: true,
  tellsOwnCursor: false,
  isHeld: true,
  isBare: false,
  open: (base, channel, after) =>
    listenBySse(`${many(base, "events", channel)}${after === undefined ? "" : `&after=${after}`}`),
}

export const manyChannelPoll: Transport = {
  ...usual,
  name: "many-channel poll",
  tellsCursor: true,
  tellsOwnCursor: false,
  isHeld: false,
  isBare: false,
  open: (base, channel, after) =>
    listenByPoll({ url: many(base, "poll", channel), waitSeconds: 25, ...afterOf(after) }),
}

/** Where `dialSockJs` finds what is spoken over SockJS; raw messages are those of the one channel. */
export const sockJsServices = (channel: string): Pick<ServeOptions, "sockjs"> => ({
  sockjs: {
    paths: {
      "/sockjs/raw": { protocol: "raw", channel },
      "/sockjs/laba": "laba",
      "/sockjs/stomp": "stomp",
    },
  },
})

const rawOverSockJs = (carrier: SockJsCarrier): Transport => ({
  ...rawWebSocket,
  name: `raw over SockJS ${carrier}`,
  resumes: false,
  carriesBytes: false,
  isConfigured: true,
  open: (base) => listenByRawSocket(`${base}/sockjs/raw`, [], dialSockJs(carrier)),
})

const labaOverSockJs = (carrier: SockJsCarrier): Transport => ({
  ...laba,
  name: `laba.v1 over SockJS ${carrier}`,
  isConfigured: true,
  open: (base, channel, after) =>
    listenByLaba(base, channel, after, { path: "/sockjs/laba", dial: dialSockJs(carrier) }),
})

const stompOverSockJs = (carrier: SockJsCarrier): Transport => ({
  ...stomp,
  name: `STOMP over SockJS ${carrier}`,
  carriesBytes: false,
  isConfigured: true,
  open: (base, channel, after) =>
    listenByStomp(base, channel, after, { path: "/sockjs/stomp", dial: dialSockJs(carrier) }),
})

/** Everything over the WebSocket of SockJS, and by HTTP each of its ways. */
export const sockJsTransports: readonly Transport[] = [
  rawOverSockJs("websocket"),
  labaOverSockJs("websocket"),
  stompOverSockJs("websocket"),
  rawOverSockJs("xhr_streaming"),
  labaOverSockJs("xhr_streaming"),
  stompOverSockJs("xhr"),
]

export const everyTransport: readonly Transport[] = [
  rawWebSocket,
  laba,
  stomp,
  sse,
  longPoll,
  poll,
  manyChannelSse,
  manyChannelPoll,
  ...sockJsTransports,
]

export const resumingTransports: readonly Transport[] = everyTransport.filter((one) => one.resumes)

/** Those between which a client may change at every message. */
export const oneCursorTransports: readonly Transport[] = everyTransport.filter((one) => one.tellsOwnCursor)
