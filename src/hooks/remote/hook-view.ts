// What an operator sees of the hooks: whether their backends answer, what waits, what went wrong last. Nothing of it holds a
// secret: of a URL the query is left out.
import type { HookError } from "./delivery/backend.ts"
import type { CircuitState } from "./delivery/circuit-breaker.ts"
import type { HookRoute } from "./hook-routes.ts"

/** One hook, as `GET /_/api/hooks` shows it. */
export interface HookView {
  readonly name: string
  readonly pattern: string
  readonly dialect: "laba" | "tencent"
  readonly urls: Readonly<Record<string, string>>
  readonly circuit: CircuitState
  /** Seconds until an open circuit lets a request try. */
  readonly triesInSeconds: number
  readonly concurrency: {
    readonly inFlight: number
    readonly limit: number
    readonly max: number
    readonly peak: number
  }
  readonly asksWaiting: number
  readonly tellsPending: number
  /** When the oldest that a backend has not heard happened, in milliseconds since 1970. */
  readonly oldestTell: number | null
  readonly asked: number
  readonly told: number
  readonly refused: number
  readonly failed: number
  readonly errors: readonly HookError[]
}

export function viewOf({ hook, backend, notifications }: HookRoute): HookView {
  const { concurrency, circuit, asked, told, refused, failed, errors } = backend
  return {
    name: hook.name,
    pattern: hook.pattern,
    dialect: hook.dialect,
    urls: Object.fromEntries(Object.entries(hook.urls).map(([kind, url]) => [kind, withoutQuery(url)])),
    circuit: circuit.state,
    triesInSeconds: Math.ceil(circuit.msUntilTry / 1000),
    concurrency: {
      inFlight: concurrency.inFlight,
      limit: concurrency.limit,
      max: hook.concurrencyMax,
      peak: concurrency.inFlightPeak,
    },
    asksWaiting: concurrency.asksWaiting,
    tellsPending: notifications.pending,
    oldestTell: notifications.oldestMs,
    asked,
    told,
    refused,
    failed,
    errors: [...errors].reverse(),
  }
}

/** A URL to be shown: its query may hold a secret. */
export function withoutQuery(text: string): string {
  const url = new URL(text)
  return `${url.origin}${url.pathname}`
}
