// The header `heart-beat`: what a client can do and would like, and what follows from it.
import { LabaError } from "../../../wire/error.ts"

/** Milliseconds between beats; 0 is none. */
export interface Beats {
  /** From the client to the server. */
  readonly incomingMs: number
  /** From the server to the client. */
  readonly outgoingMs: number
}

const noBeats: Beats = { incomingMs: 0, outgoingMs: 0 }

/**
 * What is agreed on, by `<can>,<wants>` of the client; the server can and wants a beat each `ownMs`. A missing header is `0,0`. Throws
 * `bad_frame` when it is not two whole numbers.
 */
export function agreeOnBeats(header: string | undefined, ownMs: number): Beats {
  if (header === undefined) return noBeats
  const match = /^ *(\d{1,9}) *, *(\d{1,9}) *$/.exec(header)
  if (!match)
    throw new LabaError(
      "bad_frame",
      "`heart-beat` is two whole numbers of milliseconds, such as `10000,10000`.",
    )
  const every = (theirs: number): number => (theirs === 0 || ownMs === 0 ? 0 : Math.max(theirs, ownMs))
  return {
    incomingMs: every(Number(match[1])),
    outgoingMs: every(Number(match[2])),
  }
}
