// What is answered where a limit was met: which one, and when to come back.
import { LabaError } from "../../../wire/error.ts"
import type { LimitName } from "../../../wire/limits.ts"

/** Whoever comes back sooner finds it no better. */
const fullRetrySeconds = 5

export const full = (limit: LimitName, detail: string): LabaError =>
  new LabaError("too_many_connections", detail, { retryAfterSeconds: fullRetrySeconds, limit })

export const tooOften = (limit: LimitName, detail: string, waitMs: number): LabaError =>
  new LabaError("too_many_requests", detail, {
    retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)),
    limit,
  })
