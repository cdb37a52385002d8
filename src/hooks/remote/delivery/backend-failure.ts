// The two ways in which a backend does not let something happen: it says no, or it does not do its part.
import type { Code } from "../../../../wire/codes.ts"

/** Why an attempt came to nothing. */
export type FailureCause = "address" | "connect" | "timeout" | "status" | "answer" | "handshake" | "circuit"

interface FailureOptions {
  readonly because: FailureCause
  /** The request may have arrived. */
  readonly sent: boolean
  /** The backend has too much to do, or is gone: less is to be sent. */
  readonly strained: boolean
  readonly retryAfterSeconds?: number | undefined
  readonly cause?: unknown
}

/** The backend did not do its part. Its text is for the operator, never for a client. */
export class BackendFailure extends Error {
  override readonly name = "BackendFailure"
  readonly because: FailureCause
  readonly sent: boolean
  readonly strained: boolean
  readonly retryAfterSeconds: number | undefined

  constructor(says: string, { because, sent, strained, retryAfterSeconds, cause }: FailureOptions) {
    super(says, cause === undefined ? undefined : { cause })
    this.because = because
    this.sent = sent
    this.strained = strained
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** The backend answered, and not as it should. */
export const answerFailure = (says: string, cause?: unknown): BackendFailure =>
  new BackendFailure(says, { because: "answer", sent: true, strained: false, cause })

/** It answered what is in no form that its dialect has. */
export const notUnderstood = (what: string, cause?: unknown): BackendFailure =>
  answerFailure(`The backend's answer was not understood: ${what}.`, cause)

/** The backend said no. */
export class Refusal extends Error {
  override readonly name = "Refusal"
  readonly code: Code
  readonly detail: string
  readonly retryAfterSeconds: number | undefined

  constructor(code: Code, detail: string, retryAfterSeconds?: number) {
    super(`${code}: ${detail}`)
    this.code = code
    this.detail = detail
    this.retryAfterSeconds = retryAfterSeconds
  }
}
