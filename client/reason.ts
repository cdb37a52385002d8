// Why something ended, as a code and what to do next. One shape for closed sockets, refused requests and error frames.
import type { Code, Retry } from "../wire/codes.ts"
import type { ErrorFacts, ServerFrame } from "../wire/frames.ts"
import type { LimitName } from "../wire/limits.ts"

/** What only the client can say, because no server was there to say it. */
export type ClientCode =
  /** The application asked for it. */
  | "closed"
  /** The network failed, or something that is not Laba answered. */
  | "network"
  /** The page is hidden and the option `whenHidden` is `close`. */
  | "hidden"
  /** More publishes are waiting than the client keeps. */
  | "queue_full"
  /** No answer in time: whether a publish happened is unknown. */
  | "timeout"
  /** The token function failed. */
  | "token_failed"
  /** Messages wait to be read; the subscription rests until they were. */
  | "buffer_full"

export interface Reason {
  readonly code: Code | ClientCode
  readonly retry: Retry
  readonly detail: string
  /** The server asked to wait at least so long. */
  readonly retryAfterMs?: number | undefined
  /** The server's bound that was met, by its name in the configuration. */
  readonly limit?: LimitName | undefined
}

/** What promises reject with and iterators throw: an `Error` with the `code` and `retry` of its reason. */
export class LabaFailure extends Error {
  declare readonly code: Code | ClientCode
  declare readonly retry: Retry
  declare readonly detail: string
  declare readonly retryAfterMs: number | undefined
  declare readonly limit: LimitName | undefined

  constructor(reason: Reason) {
    super(`${reason.code}: ${reason.detail}`)
    // Assigned, not declared as fields: fields are newer than the oldest browser we run in.
    Object.assign(this, reason, { name: "LabaFailure" })
  }
}

export const makeReason = (code: Code | ClientCode, retry: Retry, detail: string): Reason => ({
  code,
  retry,
  detail,
})

export const networkReason = (detail: string): Reason => makeReason("network", "back-off", detail)

/** The application has closed `what`. */
export const closedReason = (what: "channel" | "connection"): Reason =>
  makeReason("closed", "stay-away", `The application closed the ${what}.`)

/** Reads what an error says of itself, in a frame or in problem+json. */
export const reasonOf = ({
  code,
  retry,
  detail,
  retryAfter,
  limit,
}: Pick<Extract<ServerFrame, { op: "error" }>, "code" | "retry" | "detail" | keyof ErrorFacts>): Reason => ({
  ...makeReason(code, retry, detail),
  ...(retryAfter && { retryAfterMs: retryAfter * 1000 }),
  ...(limit && { limit }),
})
