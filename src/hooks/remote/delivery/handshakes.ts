// Asks an address whether it wants to be called before anything is sent there, so that nobody's server can be made a target by
// a configuration (CloudEvents HTTP 1.1 Web Hooks, 4).
import { BackendFailure } from "./backend-failure.ts"
import type { HookConfig, HookResponse, HttpSend } from "../remote.ts"

/** How long a yes holds. */
const agreedMs = 3_600_000
/** How long a no holds: a backend that is being deployed is asked again soon. */
const refusedMs = 2000

interface HandshakesOptions {
  readonly hook: HookConfig
  readonly send: HttpSend
  /** Monotonic milliseconds. */
  readonly now: () => number
}

interface Handshake {
  readonly result: Promise<void>
  untilMs: number
}

export class Handshakes {
  private readonly options: HandshakesOptions
  private readonly byUrl = new Map<string, Handshake>()

  constructor(options: HandshakesOptions) {
    this.options = options
  }

  /** Throws `BackendFailure` when the address does not agree. One request, however many wait for it. */
  ensure(url: string): Promise<void> {
    const { now } = this.options
    const known = this.byUrl.get(url)
    if (known && known.untilMs > now()) return known.result
    const handshake: Handshake = {
      result: performHandshake(url, this.options),
      untilMs: Number.POSITIVE_INFINITY,
    }
    this.byUrl.set(url, handshake)
    handshake.result.then(
      () => (handshake.untilMs = now() + agreedMs),
      (error: unknown) => {
        // Whether a backend that cannot be reached is asked again is the circuit's to decide.
        const answered = error instanceof BackendFailure && error.because === "handshake"
        handshake.untilMs = answered ? now() + refusedMs : 0
      },
    )
    return handshake.result
  }
}

type Caller = Pick<HandshakesOptions, "hook" | "send">

/** One handshake. Throws `BackendFailure`. */
export async function performHandshake(url: string, { hook, send }: Caller): Promise<void> {
  const { origin } = hook
  const { status, headers } = await sendOptions(url, { hook, send }, { "webhook-request-origin": origin })
  const allowed = headers.get("webhook-allowed-origin")
  const isWell = status >= 200 && status < 300
  if (isWell && (allowed === "*" || allowed?.toLowerCase() === origin.toLowerCase())) return
  const without = allowed === null ? "without the header WebHook-Allowed-Origin" : "and allows another origin"
  throw new BackendFailure(
    `The backend does not agree to be called: it answered OPTIONS ${isWell ? without : `with status ${status}`}; \`WebHook-Allowed-Origin: ${origin}\` or \`*\` would be a yes.`,
    { because: "handshake", sent: false, strained: status >= 500 },
  )
}

/** Throws `BackendFailure`. */
export function sendOptions(
  url: string,
  { hook: { timeoutMs, privateAddresses }, send }: Caller,
  headers: Readonly<Record<string, string>> = {},
): Promise<HookResponse> {
  return send({ method: "OPTIONS", url, headers, body: null, timeoutMs, privateAddresses })
}
