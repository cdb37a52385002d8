// How long to wait before coming back. Full jitter: a crowd that lost its server together does not return together.

export interface Backoff {
  readonly minMs: number
  readonly maxMs: number
}

/** The same behind what the server asked for: a crowd that was told one time must not return at it together. */
export const waitAfter = (
  reason: { readonly retryAfterMs?: number | undefined } | null,
  ...[backoff, failures, random]: Parameters<typeof waitMs>
): number => (reason?.retryAfterMs || 0) + waitMs(backoff, failures, random)

/** A random wait between `minMs` and a bound that doubles with every failure up to `maxMs`. `failures` counts from 1. */
export function waitMs(backoff: Backoff, failures: number, random: () => number): number {
  const { minMs, maxMs } = backoff
  const boundMs = Math.min(maxMs, minMs * 2 ** Math.min(failures, 30))
  return minMs + random() * Math.max(0, boundMs - minMs)
}
