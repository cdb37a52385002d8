// The one family of errors, for server and client. An error carries a stable code, so callers branch on words that
// do not change; what to do next is in the codes table.
import { type Code, type CodeEntry, codes, type Retry } from "./codes.ts"
import type { ErrorFacts } from "./frames.ts"
import type { LimitName } from "./limits.ts"

export interface LabaErrorOptions {
  readonly cause?: unknown
  /** Seconds after which a retry may succeed; becomes `Retry-After`. */
  readonly retryAfterSeconds?: number
  /** The bound that was met. */
  readonly limit?: LimitName | undefined
}

export class LabaError extends Error {
  override readonly name = "LabaError"
  readonly code: Code
  /** What was wrong here and what would be right, in one or two plain sentences. Never holds a secret. */
  readonly detail: string
  readonly retryAfterSeconds: number | undefined
  /** The bound that was met, where one code stands for several. */
  readonly limit: LimitName | undefined

  constructor(code: Code, detail: string, options: LabaErrorOptions = {}) {
    super(`${code}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.detail = detail
    this.retryAfterSeconds = options.retryAfterSeconds
    this.limit = options.limit
  }

  get status(): number {
    return this.entry.status
  }

  get retry(): Retry {
    return this.entry.retry
  }

  private get entry(): CodeEntry {
    return codes[this.code]
  }
}

export const factsOf = ({ retryAfterSeconds, limit }: LabaError): ErrorFacts => ({
  ...(retryAfterSeconds !== undefined && { retryAfter: retryAfterSeconds }),
  ...(limit !== undefined && { limit }),
})

/** The body of an error answer, `application/problem+json` (RFC 9457). */
export interface Problem extends ErrorFacts {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: Code
  readonly retry: Retry
}

export function problemOf(error: LabaError): Problem {
  const entry: CodeEntry = codes[error.code]
  return {
    type: "about:blank",
    title: entry.title,
    status: entry.status,
    detail: error.detail,
    code: error.code,
    retry: entry.retry,
    ...factsOf(error),
  }
}
