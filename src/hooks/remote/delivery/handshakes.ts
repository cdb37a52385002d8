// Asks an address whether it wants to be called before anything is sent there, so that nobody's server can be made a target by
// a configuration (CloudEvents HTTP 1.1 Web Hooks, 4).
import { BackendFailure } from "./backend-failure.ts"
import type { HookConfig, HttpSend } from "../remote.ts"

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
  shake(url: string): Promise<void> {
    const { now } = this.options
    const known = this.byUrl.get(url)
    if (known && known.untilMs > now()) return known.result
    const shake: Handshake = {
      result: performHandshake(url, this.options),
      untilMs: Number.POSITIVE_INFINITY,
    }
    this.byUrl.set(url, shake)
    shake.result.then(
      () => (shake.untilMs = now() + agreedMs),
      (error: unknown) => {
        // Whether a backend that cannot be reached is asked again is the circuit's to decide.
        const answered = error instanceof BackendFailure && error.because === "handshake"
        shake.untilMs = answered ? now() + refusedMs : 0
      },
    )
    return shake.result
  }
}

/** One handshake. Throws `BackendFailure`. */
export async function performHandshake(
  url: string,
  { hook, send }: Pick<HandshakesOptions, "hook" | "send">,
): Promise<void> {
  const { status, headers } = await send({
    method: "OPTIONS",
    url,
    headers: { "webhook-request-origin": hook.origin },
    body: null,
    timeoutMs: hook.timeoutMs,
    privateAddresses: hook.privateAddresses,
  })
  const allowed = headers.get("webhook-allowed-origin")
  if (
    status >= 200 &&
    status < 300 &&
    (allowed === "*" || allowed?.toLowerCase() === hook.origin.toLowerCase())
  )
    return
  const said =
    status >= 200 && status < 300
      ? allowed === null
        ? "without the header WebHook-Allowed-Origin"
        : "and allows another origin"
      : `with status ${status}`
  throw new BackendFailure(
    `The backend does not agree to be called: it answered OPTIONS ${said}; \`WebHook-Allowed-Origin: ${hook.origin}\` or \`*\` would be a yes.`,
    { because: "handshake", sent: false, strained: status >= 500 },
  )
}
