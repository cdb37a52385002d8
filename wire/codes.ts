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
}

export const codes = {
  // What was asked is wrong; asking again changes nothing.
  bad_request: { status: 400, close: 4000, retry: "stay-away", title: "The request is malformed." },
  bad_channel: { status: 400, close: 4001, retry: "stay-away", title: "The channel name is not allowed." },
  bad_cursor: { status: 400, close: 4002, retry: "stay-away", title: "The cursor is malformed." },
  bad_frame: { status: 400, close: 4003, retry: "stay-away", title: "A frame could not be understood." },
  bad_subprotocol: {
    status: 400,
    retry: "stay-away",
    title: "None of the offered WebSocket subprotocols is spoken here.",
  },
  bad_query: { status: 400, retry: "stay-away", title: "A query parameter is wrong." },
  bad_body: { status: 400, retry: "stay-away", title: "The body could not be read." },
  bad_json: { status: 400, retry: "stay-away", title: "The body is declared as JSON and is not." },
  bad_utf8: { status: 400, close: 4007, retry: "stay-away", title: "The text is not valid UTF-8." },
  missing_data: { status: 400, retry: "stay-away", title: "The form has no field `data`." },
  bad_key: { status: 400, retry: "stay-away", title: "The Idempotency-Key is malformed." },
  unauthorized: {
    status: 401,
    close: 4010,
    retry: "stay-away",
    title: "A credential is needed, or the one given is not valid.",
  },
  token_expired: { status: 401, close: 4011, retry: "stay-away", title: "The token has expired." },
  forbidden: { status: 403, close: 4012, retry: "stay-away", title: "This is not allowed." },
  foreign_origin: {
    status: 403,
    retry: "stay-away",
    title: "Requests from this origin are not let in.",
  },
  not_found: { status: 404, retry: "stay-away", title: "There is nothing here." },
  method_not_allowed: { status: 405, retry: "stay-away", title: "This method is not supported here." },
  not_acceptable: { status: 406, retry: "stay-away", title: "None of the accepted types can be answered." },
  idempotency_conflict: {
    status: 409,
    retry: "stay-away",
    title: "The same Idempotency-Key came with another body.",
  },
  cannot_receive: { status: 409, retry: "stay-away", title: "This connection cannot take a direct frame." },
  gone: { status: 410, retry: "stay-away", title: "The connection is gone." },
  disconnected: {
    status: 403,
    close: 4019,
    retry: "stay-away",
    title: "A backend ended this connection.",
  },
  too_large: { status: 413, close: 4013, retry: "stay-away", title: "The message is too large." },
  query_too_long: { status: 414, retry: "stay-away", title: "The query is too long." },
  unsupported_type: {
    status: 415,
    retry: "stay-away",
    title: "This content type or charset is not supported.",
  },
  range_not_supported: { status: 416, retry: "stay-away", title: "A channel has no byte ranges." },
  upgrade_not_supported: {
    status: 426,
    retry: "stay-away",
    title: "The only upgrade spoken here is `websocket`.",
  },
  too_many_channels: {
    status: 400,
    close: 4014,
    retry: "stay-away",
    title: "Too many channels on one connection.",
  },
  bad_config: { status: 422, retry: "stay-away", title: "The configuration has mistakes." },
  headers_too_large: { status: 431, retry: "stay-away", title: "The headers are too large." },

  // The server cannot now; a wait helps.
  too_many_keys: { status: 429, retry: "back-off", title: "The table of Idempotency-Keys is full." },
  too_many_polls: { status: 503, retry: "back-off", title: "Too many polls are waiting here." },
  too_many_connections: { status: 503, close: 4100, retry: "back-off", title: "Too many connections." },
  too_many_requests: { status: 429, close: 4101, retry: "back-off", title: "Too many requests." },
  overloaded: {
    status: 503,
    close: 4107,
    retry: "back-off",
    title: "The listeners of this channel cannot take more now.",
  },
  engine_unavailable: { status: 503, close: 4102, retry: "back-off", title: "The engine cannot be reached." },
  deleted: { status: 410, close: 4103, retry: "back-off", title: "The channel was deleted." },
  internal: { status: 500, close: 4104, retry: "back-off", title: "Laba failed; the log says more." },
  shutting_down: { status: 503, close: 1012, retry: "back-off", title: "This node is going away." },
  keys_unavailable: {
    status: 503,
    close: 4106,
    retry: "back-off",
    title: "The keys that check tokens cannot be fetched now.",
  },
  hook_failed: { status: 502, close: 4105, retry: "back-off", title: "The application's hook failed." },

  // The connection was ended for its own good.
  slow: {
    status: 503,
    close: 4200,
    retry: "at-once",
    title: "The reader was too slow; it may come back and resume.",
  },
  reset: {
    status: 409,
    close: 4201,
    retry: "at-once",
    title: "The cursor cannot be resumed from; reload, then listen from the tail.",
  },
  silent: { status: 408, close: 4202, retry: "at-once", title: "No answer to pings." },
  stream_ended: {
    status: 200,
    close: 4203,
    retry: "at-once",
    title: "The stream reached its longest time; resume it.",
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
