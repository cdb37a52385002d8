// Every bound that a client can meet, with its default and its reason. Bytes are bytes on the wire after decoding of
// transfer and form encodings. Imports nothing but its neighbours.
import type { Code } from "./codes.ts"

export interface Limits {
  /** One message's payload. Default 64 KiB: above it a file store and a link serve better, and one reader's burst stays small. */
  readonly messageBytesMax: number
  /** The query string. Default 8 KiB: 128 channel names rarely need more, and parsing is linear. */
  readonly queryBytesMax: number
  /** Channels on one many-channel request or connection. Default 128: a compound cursor stays under 2 KB in every event. */
  readonly channelsPerConnectionMax: number
  /** Bytes one WebSocket or stream may have waiting before it counts as slow. Default 1 MiB: about ten seconds of a busy channel. */
  readonly outboxBytesMax: number
  /** Bytes of messages on this node that wait for listeners that lag or are replayed, all channels together. Default 64 MiB: what eight channels may lag at most. Beyond it replays read history again, and publishes to channels whose listeners lag wait. */
  readonly ringBytesMax: number
  /** How long a poll is held, in seconds. Default 25: proxies cut silence at 30 to 60. */
  readonly pollSecondsMax: number
  /** Polls held at once on this node. Default 50,000: each costs about 4 KB and a socket. */
  readonly pollsWaitingMax: number
  /** How long one SSE stream lives before it is ended to be resumed. Default 600: a reader that is gone without a word cannot be pinged. */
  readonly streamSecondsMax: number
  /** Seconds between heartbeats on every transport. Default 25: under the 30 s of the strictest proxies. */
  readonly heartbeatSeconds: number
  /** How long an Idempotency-Key is remembered. Default 120. */
  readonly idempotencySeconds: number
  /** Idempotency-Keys remembered on this node; a full table answers 429, never forgets. One user or address may have as many as are still free, one key four times as many. Default 200,000: about 60 MB at worst. */
  readonly idempotencyKeysMax: number
  /** Bytes of history on this node, all channels together; the least recently used are trimmed first. Default 256 MiB. */
  readonly historyBytesMax: number
  /** Percent of the history's budget that the channels of one user or one address may have when all of it is used up: whoever has more loses their own history first. A channel is of who published the oldest message in it. Default 10; 0 is no bound. Not for keys: a key is your own backend; nor for this machine's own. */
  readonly historyPercentPerPublisherMax: number
  /** Channels that are listened to on this node, each once however many listen. Default 2,000,000: about 1.5 KB each, and more than one address may take with all of its connections. Messages that are kept are not counted here, and names that are listened to cost no history. */
  readonly listenedChannelsMax: number
  /** Messages in one page of a poll or a replay. Default 1,000. */
  readonly pageMessagesMax: number
  /** Bytes of payload in one page of a poll. Default 512 KiB. */
  readonly pageBytesMax: number
  /** Seconds over which listeners are sent away at shutdown, and for which accepted requests are waited for. Default 5. */
  readonly drainSeconds: number
  /** Seconds at shutdown between `/_/ready` saying no and the first listener being sent away, so that load balancers have stopped sending new ones. Default 0: for a node without one. */
  readonly drainGraceSeconds: number
  /** Connections on this node: WebSockets, streams and sessions. Default 250,000: about 2 GB, with the kernel's part. */
  readonly connectionsMax: number
  /** Connections and waiting polls from one address; of IPv6 from one /64 network. Default 10,000: a big office or a mobile carrier's gate. 0 is no bound. This machine's own addresses are not counted: a proxy here is to be named in `proxies`. */
  readonly connectionsPerAddressMax: number
  /** Connections and waiting polls of one user. Default 100: devices and tabs of one person; beyond it something reconnects in a loop. 0 is no bound. */
  readonly connectionsPerUserMax: number
  /** New connections a second from one address; those above wait for their turn. Default 200: a restart brings a whole office back within seconds, and a flood costs one core a few percent. 0 is no bound. Not for this machine's own. */
  readonly connectsPerAddressPerSecond: number
  /** How long a new connection may have to wait for its turn, in seconds; beyond it the answer is 429. Default 5: clients give up at about ten. */
  readonly connectWaitSecondsMax: number
  /** Connections that wait for their turn at once. Default 10,000: each holds a request and a socket, about 10 KB. */
  readonly connectsWaitingMax: number
  /** Messages a second published with one key. Default 0, no bound: a key is your own backend. */
  readonly publishesPerKeyPerSecond: number
  /** Messages a second published by one user, with a burst of one second's worth. Default 50: typing, cursors and games, not floods. 0 is no bound. */
  readonly publishesPerUserPerSecond: number
  /** Messages a second from one address by who shows no key and is no user. Default 200. 0 is no bound. Not for this machine's own. */
  readonly publishesPerAddressPerSecond: number
  /** Messages a second to one channel, whoever publishes. Default 0, no bound: publishers wait when listeners lag. */
  readonly publishesPerChannelPerSecond: number
  /** Subscribes a second on one laba.v1 connection, with a burst of one second's worth. Default 1,000: all that one connection may have, eight times a second. 0 is no bound. */
  readonly subscribesPerConnectionPerSecond: number
  /** Commands a second that one laba.v1 connection may have refused, with a burst of one second's worth; beyond it the connection ends. Default 200: all channels of a connection at once, and not a loop. 0 is no bound. */
  readonly refusalsPerConnectionPerSecond: number
  /** The same for all connections from one address, which ends the one that was refused. Default 1,000: each costs at most one look over the longest frame. 0 is no bound. Not for this machine's own. */
  readonly refusalsPerAddressPerSecond: number
  /** Bytes of the command and the headers of one STOMP frame. Default 16 KiB: a token with many claims is 4 KiB, and no line is longer than that. */
  readonly headerBytesMax: number
  /** Headers of one STOMP frame, repeated ones counted. Default 100: clients send up to ten, and frameworks about twenty. */
  readonly headersPerFrameMax: number
  /** Messages that one STOMP subscription may have unacknowledged, and the most that a client's `prefetch-count` gets. Default 1,000: a second of a busy channel. */
  readonly unacknowledgedMax: number
  /** Messages that the STOMP subscriptions of this node together have unacknowledged, or waiting for acknowledgements. A user or an address may have as many as are still free; beyond it a subscription has one at a time. Default 500,000: about 50 MB. */
  readonly unacknowledgedPerNodeMax: number
  /** Bytes of those that wait for acknowledgements to be sent. A user or an address may have as much as is still free; what is beyond it is read from the history when its turn comes. Default 64 MiB: 256 connections with as much as each may have. */
  readonly unacknowledgedBytesPerNodeMax: number
}

/** A bound by its name. */
export type LimitName = keyof Limits

/** What is said to who meets a bound; null where nobody is refused: what is beyond it is cut, trimmed or comes later. */
export const limitCodes: Readonly<Record<LimitName, Code | null>> = {
  messageBytesMax: "too_large",
  queryBytesMax: "query_too_long",
  channelsPerConnectionMax: "too_many_channels",
  outboxBytesMax: "slow",
  ringBytesMax: "overloaded",
  pollSecondsMax: null,
  pollsWaitingMax: "too_many_polls",
  streamSecondsMax: "stream_ended",
  heartbeatSeconds: "silent",
  idempotencySeconds: null,
  idempotencyKeysMax: "too_many_keys",
  historyBytesMax: null,
  historyPercentPerPublisherMax: null,
  listenedChannelsMax: "too_many_listened",
  pageMessagesMax: null,
  pageBytesMax: null,
  drainSeconds: null,
  drainGraceSeconds: null,
  connectionsMax: "too_many_connections",
  connectionsPerAddressMax: "too_many_connections",
  connectionsPerUserMax: "too_many_connections",
  connectsPerAddressPerSecond: "too_many_requests",
  connectWaitSecondsMax: "too_many_requests",
  connectsWaitingMax: "too_many_requests",
  publishesPerKeyPerSecond: "too_many_requests",
  publishesPerUserPerSecond: "too_many_requests",
  publishesPerAddressPerSecond: "too_many_requests",
  publishesPerChannelPerSecond: "too_many_requests",
  subscribesPerConnectionPerSecond: "too_many_requests",
  refusalsPerConnectionPerSecond: "too_many_requests",
  refusalsPerAddressPerSecond: "too_many_requests",
  headerBytesMax: "too_large",
  headersPerFrameMax: "too_large",
  unacknowledgedMax: null,
  unacknowledgedPerNodeMax: null,
  unacknowledgedBytesPerNodeMax: null,
}

export const defaultLimits: Limits = {
  messageBytesMax: 64 * 1024,
  queryBytesMax: 8 * 1024,
  channelsPerConnectionMax: 128,
  outboxBytesMax: 1024 * 1024,
  ringBytesMax: 64 * 1024 * 1024,
  pollSecondsMax: 25,
  pollsWaitingMax: 50_000,
  streamSecondsMax: 600,
  heartbeatSeconds: 25,
  idempotencySeconds: 120,
  idempotencyKeysMax: 200_000,
  historyBytesMax: 256 * 1024 * 1024,
  historyPercentPerPublisherMax: 10,
  listenedChannelsMax: 2_000_000,
  pageMessagesMax: 1000,
  pageBytesMax: 512 * 1024,
  drainSeconds: 5,
  drainGraceSeconds: 0,
  connectionsMax: 250_000,
  connectionsPerAddressMax: 10_000,
  connectionsPerUserMax: 100,
  connectsPerAddressPerSecond: 200,
  connectWaitSecondsMax: 5,
  connectsWaitingMax: 10_000,
  publishesPerKeyPerSecond: 0,
  publishesPerUserPerSecond: 50,
  publishesPerAddressPerSecond: 200,
  publishesPerChannelPerSecond: 0,
  subscribesPerConnectionPerSecond: 1000,
  refusalsPerConnectionPerSecond: 200,
  refusalsPerAddressPerSecond: 1000,
  headerBytesMax: 16 * 1024,
  headersPerFrameMax: 100,
  unacknowledgedMax: 1000,
  unacknowledgedPerNodeMax: 500_000,
  unacknowledgedBytesPerNodeMax: 64 * 1024 * 1024,
}

/** The longest channel name, in bytes of its canonical form. 255 fits a file name and an index key everywhere. */
export const channelBytesMax = 255

/** The longest Idempotency-Key, in characters. */
export const idempotencyKeyCharsMax = 255

/**
 * How deep values of a JSON payload may lie in each other. Printing arrays that are nested 30,000 deep takes the runtime half a second, and most readers of JSON give up at a few hundred. An envelope adds its own levels.
 */
export const jsonDepthMax = 128
