// How long to wait before trying again: twice as long after each failure, and by chance, so that a crowd that lost its server
// together does not come back together.

export interface Backoff {
  readonly minMs: number
  readonly maxMs: number
}

/** `minMs`, doubled so often, and no more than `maxMs`. */
export const boundMs = ({ minMs, maxMs }: Backoff, doublings: number): number =>
  Math.min(maxMs, minMs * 2 ** Math.min(doublings, 30))

/** Between a half of the bound and all of it: for a server's own tries, of which there are few. `failures` counts from 1. */
export const halfToWholeMs = (backoff: Backoff, failures: number, random: () => number): number =>
  boundMs(backoff, failures - 1) * (0.5 + random() / 2)

/** Full jitter: a random wait between `minMs` and a bound that doubles with every failure. `failures` counts from 1. */
export function waitMs(backoff: Backoff, failures: number, random: () => number): number {
  return backoff.minMs + random() * Math.max(0, boundMs(backoff, failures) - backoff.minMs)
}

/** The same behind what the server asked for: a crowd that was told one time must not return at it together. */
export const waitAfter = (
  reason: { readonly retryAfterMs?: number | undefined } | null,
  ...[backoff, failures, random]: Parameters<typeof waitMs>
): number => (reason?.retryAfterMs || 0) + waitMs(backoff, failures, random)
