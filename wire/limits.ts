// Every bound that a client can meet, with its default and its reason. Bytes are bytes on the wire after decoding of
// transfer and form encodings. Imports nothing.

export interface Limits {
  /** One message's payload. Default 64 KiB: above it a file store and a link serve better, and one reader's burst stays small. */
  readonly messageBytesMax: number
  /** The query string. Default 8 KiB: 128 channel names rarely need more, and parsing is linear. */
  readonly queryBytesMax: number
  /** Channels on one many-channel request or connection. Default 128: a compound cursor stays under 2 KB in every event. */
  readonly channelsPerConnectionMax: number
  /** Bytes one WebSocket or stream may have waiting before it counts as slow. Default 1 MiB: about ten seconds of a busy channel. */
  readonly outboxBytesMax: number
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
  /** Idempotency-Keys remembered on this node; a full table answers 429, never forgets. Default 200,000: about 60 MB at worst. */
  readonly idempotencyKeysMax: number
  /** Bytes of history on this node, all channels together; the least recently used are trimmed first. Default 256 MiB. */
  readonly historyBytesMax: number
  /** Messages in one page of a poll or a replay. Default 1,000. */
  readonly pageMessagesMax: number
  /** Bytes of payload in one page of a poll. Default 512 KiB. */
  readonly pageBytesMax: number
  /** Seconds over which listeners are sent away at shutdown. Default 5. */
  readonly drainSeconds: number
}

export const defaultLimits: Limits = {
  messageBytesMax: 64 * 1024,
  queryBytesMax: 8 * 1024,
  channelsPerConnectionMax: 128,
  outboxBytesMax: 1024 * 1024,
  pollSecondsMax: 25,
  pollsWaitingMax: 50_000,
  streamSecondsMax: 600,
  heartbeatSeconds: 25,
  idempotencySeconds: 120,
  idempotencyKeysMax: 200_000,
  historyBytesMax: 256 * 1024 * 1024,
  pageMessagesMax: 1000,
  pageBytesMax: 512 * 1024,
  drainSeconds: 5,
}

/** The longest channel name, in bytes of its canonical form. 255 fits a file name and an index key everywhere. */
export const channelBytesMax = 255

/** The longest Idempotency-Key, in characters. */
export const idempotencyKeyCharsMax = 255
