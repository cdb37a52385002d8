// The ways to listen, as one list: a conformance case is written once and run over each. What differs between them is
// said here in facts, so that a case can choose.
import type { Listener } from "./heard.ts"
import { listenByLaba } from "./laba-socket.ts"
import { listenByPoll } from "./poller.ts"
import { listenByRawSocket } from "./raw-socket.ts"
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
  /** Messages come with a cursor, and a position comes before any message. Not so on a raw WebSocket. */
  readonly tellsCursor: boolean
  /** Its cursor is that of the one channel, and so good on every other transport that tells it. */
  readonly tellsOwnCursor: boolean
  /** The server keeps the connection and can write to it at any time. */
  readonly isHeld: boolean
  /** A message without a name, number or type around it: payload bytes as they were. */
  readonly isBare: boolean
  /** Listens at `channel` of the server at `base`, from `after` or from now on; answers once connected. */
  open(base: string, channel: string, after?: string): Promise<Listener>
}

const query = (after: string | undefined): string => (after === undefined ? "" : `?after=${after}`)
const afterOf = (after: string | undefined): { after?: string } => (after === undefined ? {} : { after })
const many = (base: string, place: string, channel: string): string =>
  `${base}/_/${place}?channel=${encodeURIComponent(channel)}`

export const rawWebSocket: Transport = {
  name: "raw WebSocket",
  tellsCursor: false,
  tellsOwnCursor: false,
  isHeld: true,
  isBare: true,
  open: (base, channel, after) => listenByRawSocket(base + channel + query(after)),
}

export const laba: Transport = {
  name: "laba.v1",
  tellsCursor: true,
  tellsOwnCursor: true,
  isHeld: true,
  isBare: false,
  open: (base, channel, after) => listenByLaba(base, channel, after),
}

export const stomp: Transport = {
  name: "STOMP",
  tellsCursor: true,
  tellsOwnCursor: true,
  isHeld: true,
  isBare: false,
  open: (base, channel, after) => listenByStomp(base, channel, after),
}

export const sse: Transport = {
  name: "SSE",
  tellsCursor: true,
  tellsOwnCursor: true,
  isHeld: true,
  isBare: true,
  open: (base, channel, after) => listenBySse(base + channel + query(after)),
}

export const longPoll: Transport = {
  name: "long-poll",
  tellsCursor: true,
  tellsOwnCursor: true,
  isHeld: false,
  isBare: false,
  open: (base, channel, after) => listenByPoll({ url: base + channel, waitSeconds: 25, ...afterOf(after) }),
}

const poll: Transport = {
  name: "poll",
  tellsCursor: true,
  tellsOwnCursor: true,
  isHeld: false,
  isBare: false,
  open: (base, channel, after) => listenByPoll({ url: base + channel, ...afterOf(after) }),
}

export const manyChannelSse: Transport = {
  name: "many-channel SSE",
  tellsCursor: true,
  tellsOwnCursor: false,
  isHeld: true,
  isBare: false,
  open: (base, channel, after) =>
    listenBySse(`${many(base, "events", channel)}${after === undefined ? "" : `&after=${after}`}`),
}

export const manyChannelPoll: Transport = {
  name: "many-channel poll",
  tellsCursor: true,
  tellsOwnCursor: false,
  isHeld: false,
  isBare: false,
  open: (base, channel, after) =>
    listenByPoll({ url: many(base, "poll", channel), waitSeconds: 25, ...afterOf(after) }),
}

export const everyTransport: readonly Transport[] = [
  rawWebSocket,
  laba,
  stomp,
  sse,
  longPoll,
  poll,
  manyChannelSse,
  manyChannelPoll,
]

/** Those between which a client may change at every message. */
export const oneCursorTransports: readonly Transport[] = everyTransport.filter((one) => one.tellsOwnCursor)
