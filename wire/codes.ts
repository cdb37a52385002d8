// Every code that Laba says to a client, in one table: problem+json bodies, frames, WebSocket close reasons and the
// docs are made from it. Imports nothing.

/**
 * What a client should do after a code.
 * - `stay-away`: the same request will fail again; do not retry by itself.
 * - `back-off`: come back after a growing, jittered wait.
 * - `at-once`: come back now (with the cursor it holds, if it holds one).
 */
export type Retry = "stay-away" | "back-off" | "at-once"

export interface CodeEntry {
  /** HTTP status when a request is answered with it. */
  readonly status: number
  /**
   * WebSocket close code when a connection ends with it. Bands tell what to do without knowing the code:
   * 4000-4099 stay away, 4100-4199 back off, 4200-4299 come back at once. Absent: never closes a connection.
   */
  readonly close?: number
  readonly retry: Retry
  /** One plain sentence: what happened. */
  readonly title: string
  /** What to do about it, in one or two plain sentences: for docs/guide/errors.md. */
  readonly help: string
}

export const codes = {
  // What was asked is wrong; asking again changes nothing.
  bad_request: {
    status: 400,
    close: 4000,
    retry: "stay-away",
    title: "The request is malformed.",
    help: "Look at `detail`: a path, a header or a field of the body is not what the endpoint takes.",
  },
  bad_channel: {
    status: 400,
    close: 4001,
    retry: "stay-away",
    title: "The channel name is not allowed.",
    help: "Correct the name: parts that are not empty, `.` or `..`, without control characters or escaped slashes, at most 255 bytes together.",
  },
  bad_cursor: {
    status: 400,
    close: 4002,
    retry: "stay-away",
    title: "The cursor is malformed.",
    help: "Hand cursors back as they came. Without one you listen from now on.",
  },
  bad_frame: {
    status: 400,
    close: 4003,
    retry: "stay-away",
    title: "A frame could not be understood.",
    help: "Correct the frame; `detail` says which field. A frame with a `ref` leaves the connection open.",
  },
  bad_subprotocol: {
    status: 400,
    retry: "stay-away",
    title: "None of the offered WebSocket subprotocols is spoken here.",
    help: "Offer `laba.v1`, or `laba.raw` or nothing for raw messages, beside the entry that carries a token.",
  },
  bad_query: {
    status: 400,
    retry: "stay-away",
    title: "A query parameter is wrong.",
    help: "Correct the parameter that `detail` names.",
  },
  bad_body: {
    status: 400,
    retry: "stay-away",
    title: "The body could not be read.",
    help: "Send the body whole, in the form that its Content-Type says.",
  },
  bad_json: {
    status: 400,
    retry: "stay-away",
    title: "The body is declared as JSON and is not.",
    help: "Send JSON, or say another Content-Type.",
  },
  bad_utf8: {
    status: 400,
    close: 4007,
    retry: "stay-away",
    title: "The text is not valid UTF-8.",
    help: "Send text as UTF-8, or bytes with a type that is no text.",
  },
  missing_data: {
    status: 400,
    retry: "stay-away",
    title: "The form has no field `data`.",
    help: "Name the form's field `data`, or send the payload as the raw body.",
  },
  bad_key: {
    status: 400,
    retry: "stay-away",
    title: "The Idempotency-Key is malformed.",
    help: "Use 1 to 255 printable ASCII characters without spaces.",
  },
  unauthorized: {
    status: 401,
    close: 4010,
    retry: "stay-away",
    title: "A credential is needed, or the one given is not valid.",
    help: "Show a key or a token: `Authorization: Bearer …`. A broken or revoked one is replaced, not tried again.",
  },
  token_expired: {
    status: 401,
    close: 4011,
    retry: "stay-away",
    title: "The token has expired.",
    help: "Get a new token and come back with it; the client does so by its token function.",
  },
  forbidden: {
    status: 403,
    close: 4012,
    retry: "stay-away",
    title: "This is not allowed.",
    help: "Ask for the right: `laba check --as token.jwt /channel` says which rule refuses. For another user open another connection.",
  },
  foreign_origin: {
    status: 403,
    retry: "stay-away",
    title: "Requests from this origin are not let in.",
    help: "List the page's origin in `origins`. Without `keys` or `tokens` only this machine may come: configure some, or say `--open` where everybody may.",
  },
  not_found: {
    status: 404,
    retry: "stay-away",
    title: "There is nothing here.",
    help: "Correct the address. Presence is there only for channels whose rule keeps it.",
  },
  method_not_allowed: {
    status: 405,
    retry: "stay-away",
    title: "This method is not supported here.",
    help: "Use a method that the header `Allow` names.",
  },
  not_acceptable: {
    status: 406,
    retry: "stay-away",
    title: "None of the accepted types can be answered.",
    help: "Send an `Accept` that takes what the address answers: `text/event-stream` for streams.",
  },
  idempotency_conflict: {
    status: 409,
    retry: "stay-away",
    title: "The same Idempotency-Key came with another body.",
    help: "Use a new key for a new message; repeat an old key only with the same body.",
  },
  cannot_receive: {
    status: 409,
    retry: "stay-away",
    title: "This connection cannot take a direct frame.",
    help: "Publish to a channel that this client listens to: a poll has one answer, and that is its channel's; a STOMP client takes a push at `/user/queue/direct` alone.",
  },
  gone: {
    status: 410,
    retry: "stay-away",
    title: "The connection is gone.",
    help: "Open a new session and resume by cursor. For a backend: this connection is over.",
  },
  disconnected: {
    status: 403,
    close: 4019,
    retry: "stay-away",
    title: "A backend ended this connection.",
    help: "Stay away until a person or the application decides otherwise.",
  },
  too_large: {
    status: 413,
    close: 4013,
    retry: "stay-away",
    title: "The message is too large.",
    help: "Send less, or a link to where the file is. The operator may raise `limits.messageBytesMax`.",
  },
  query_too_long: {
    status: 414,
    retry: "stay-away",
    title: "The query is too long.",
    help: "Name fewer channels in one request, or subscribe over `laba.v1`.",
  },
  unsupported_type: {
    status: 415,
    retry: "stay-away",
    title: "This content type or charset is not supported.",
    help: "Send the body uncompressed, in UTF-8, with one Content-Type.",
  },
  range_not_supported: {
    status: 416,
    retry: "stay-away",
    title: "A channel has no byte ranges.",
    help: "Leave `Range` out; go on from a message with `after=`.",
  },
  upgrade_not_supported: {
    status: 426,
    retry: "stay-away",
    title: "The only upgrade spoken here is `websocket`.",
    help: "Upgrade to `websocket` in version 13, or leave the header out.",
  },
  too_many_channels: {
    status: 400,
    close: 4014,
    retry: "stay-away",
    title: "Too many channels on one connection.",
    help: "Unsubscribe what is not needed, or open a second connection.",
  },
  bad_config: {
    status: 422,
    retry: "stay-away",
    title: "The configuration has mistakes.",
    help: "Correct the configuration; the answer and the log name every mistake. The old one stays in use.",
  },
  headers_too_large: {
    status: 431,
    retry: "stay-away",
    title: "The headers are too large.",
    help: "Send fewer or shorter headers. Bun refuses such a request itself, with 431 and no body.",
  },

  // The server cannot now; a wait helps.
  too_many_keys: {
    status: 429,
    retry: "back-off",
    title: "The table of Idempotency-Keys is full.",
    help: "Send the same again after `Retry-After`, with the same key. The operator may raise `limits.idempotencyKeysMax`.",
  },
  too_many_polls: {
    status: 503,
    retry: "back-off",
    title: "Too many polls are waiting here.",
    help: "Poll without `wait`, or come back after `Retry-After`.",
  },
  too_many_connections: {
    status: 503,
    close: 4100,
    retry: "back-off",
    title: "Too many connections.",
    help: "Close what is not used; `limit` says whether the node, the address or the user has too many. Come back after `Retry-After`.",
  },
  too_many_listened: {
    status: 503,
    close: 4108,
    retry: "back-off",
    title: "Too many channels are listened to here.",
    help: "Come back after `Retry-After`, or to another node: this one has as many channels with listeners as it may. Channels that somebody listens to already can be joined. The operator may raise `limits.listenedChannelsMax`.",
  },
  too_many_requests: {
    status: 429,
    close: 4101,
    retry: "back-off",
    title: "Too many requests.",
    help: "Come back after `Retry-After`, slower; `limit` names the bound.",
  },
  overloaded: {
    status: 503,
    close: 4107,
    retry: "back-off",
    title: "The listeners of this channel cannot take more now.",
    help: "Publish again after `Retry-After`, with the same key. The channel's listeners are being served as fast as they can.",
  },
  engine_unavailable: {
    status: 503,
    close: 4102,
    retry: "back-off",
    title: "The engine cannot be reached.",
    help: "Publish again after `Retry-After`, with the same key: it may have been accepted. Listeners come back by themselves.",
  },
  deleted: {
    status: 410,
    close: 4103,
    retry: "back-off",
    title: "The channel was deleted.",
    help: "Reload what the channel showed, then listen again: it begins anew.",
  },
  internal: {
    status: 500,
    close: 4104,
    retry: "back-off",
    title: "Laba failed; the log says more.",
    help: "Come back later. The operator finds the reason in the log.",
  },
  shutting_down: {
    status: 503,
    close: 1012,
    retry: "back-off",
    title: "This node is going away.",
    help: "Come back at once: another node, or this one after its restart, goes on from the cursor.",
  },
  keys_unavailable: {
    status: 503,
    close: 4106,
    retry: "back-off",
    title: "The keys that check tokens cannot be fetched now.",
    help: "Come back after `Retry-After`. The operator sees `issuer_unavailable` in the log: the token's issuer cannot be reached.",
  },
  hook_failed: {
    status: 502,
    close: 4105,
    retry: "back-off",
    title: "The application's hook failed.",
    help: "Come back later. The operator finds the reason in the log and at `/_/api/hooks`.",
  },

  // The connection was ended for its own good.
  slow: {
    status: 503,
    close: 4200,
    retry: "at-once",
    title: "The reader was too slow; it may come back and resume.",
    help: "Come back and resume: nothing is lost that the history reaches. Read faster, or subscribe to less.",
  },
  reset: {
    status: 409,
    close: 4201,
    retry: "at-once",
    title: "The cursor cannot be resumed from; reload, then listen from the tail.",
    help: "Reload what the channel showed; you stand at its tail and hold its cursor.",
  },
  silent: {
    status: 408,
    close: 4202,
    retry: "at-once",
    title: "No answer to pings.",
    help: "Come back and resume. The client says it of a server that did not answer; the server then ends the connection without a word.",
  },
  stream_ended: {
    status: 200,
    close: 4203,
    retry: "at-once",
    title: "The stream reached its longest time; resume it.",
    help: "Come back with the last cursor; browsers do so by themselves.",
  },
} as const satisfies Record<string, CodeEntry>

/** A stable code: the same word in problem+json, frames, close reasons and metrics. */
export type Code = keyof typeof codes

export const entryOf = (code: Code): CodeEntry => codes[code]

/** What to do after a WebSocket close code, known or not. */
export function retryOfClose(close: number): Retry {
  if (close >= 4000 && close <= 4099) return "stay-away"
  if (close >= 4200 && close <= 4299) return "at-once"
  // 1009 is "message too big": the same message would be refused again.
  return close === 1009 ? "stay-away" : "back-off"
}
