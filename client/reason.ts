// Why something ended, as a code and what to do next. One shape for closed sockets, refused requests and error frames.
import { type Code, type Retry, retryOfClose } from "../wire/codes.ts"
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
    this.name = "LabaFailure"
    this.code = reason.code
    this.retry = reason.retry
    this.detail = reason.detail
    this.retryAfterMs = reason.retryAfterMs
    this.limit = reason.limit
  }
}

export const networkReason = (detail: string): Reason => ({ code: "network", retry: "back-off", detail })

/** The close reason is the code's word. Where it is missing the band of the number decides. */
export function reasonOfClose(close: number, word: string): Reason {
  return {
    code: (word || "network") as Code,
    retry: retryOfClose(close),
    detail: `The socket closed with ${close}.`,
  }
}

export const reasonOfFrame = ({
  code,
  retry,
  detail,
  ...facts
}: Extract<ServerFrame, { op: "error" }>): Reason => ({ code, retry, detail, ...factsIn(facts) })

const factsIn = ({ retryAfter, limit }: ErrorFacts): Pick<Reason, "retryAfterMs" | "limit"> => ({
  ...(retryAfter && { retryAfterMs: retryAfter * 1000 }),
  ...(limit && { limit }),
})

/** What a refused request needs to tell: the parts of a `Response` that are read here. */
interface Refusal {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  text(): Promise<string>
}

/**
 * Reads problem+json. Only 401 and 403 from Laba itself keep the client away for good: a proxy on the way answers 4xx too,
 * and what one transport cannot do another may.
 */
export async function reasonOfRefusal(answer: Refusal): Promise<Reason> {
  const body = await answer.text().catch(() => "")
  const problem = parseProblem(body)
  if (!problem) return networkReason(`The answer was ${answer.status}.`)
  const isBarred = answer.status === 401 || answer.status === 403
  const retry =
    problem.code === "gone"
      ? "at-once"
      : problem.retry === "stay-away" && !isBarred
        ? "back-off"
        : problem.retry
  const seconds = Number(answer.headers.get("retry-after"))
  return { ...problem, retry, ...(seconds > 0 ? { retryAfterMs: seconds * 1000 } : {}) }
}

function parseProblem(body: string): Reason | null {
  try {
    const { code, retry, detail, ...facts } = JSON.parse(body)
    return typeof code === "string" && typeof retry === "string"
      ? { code: code as Code, retry: retry as Retry, detail, ...factsIn(facts) }
      : null
  } catch {
    return null
  }
}
