// The public keys of one issuer, fetched from the one address that is configured. Nothing in a token changes what is
// fetched, and no flood of tokens makes it be fetched more often.
import { type Backoff, boundMs } from "../../../wire/backoff.ts"
import type { JWK } from "jose"
import { LabaError } from "../../../wire/error.ts"
import {
  fitting,
  isOfSecret,
  isPublicAlgorithm,
  type LostKey,
  publicKey,
  type VerificationKey,
  type VerificationKeys,
} from "./verification-key.ts"

/** A set of keys is a few kilobytes. */
const bodyBytesMax = 256 * 1024
const keysMax = 100
const fetchMsMax = 5000

/** Between two fetches, whatever asks for them: an unknown `kid` costs an attacker nothing, and us one request. */
const intervalMs = 30_000
/** After this a set is fetched again, in the background: a key that was withdrawn must go. */
const freshMs = 10 * 60_000
/** After this without success a set is not believed any more. */
const staleMs = 24 * 3_600_000
const backoff: Backoff = { minMs: 1000, maxMs: 60_000 }

interface JwksOptions {
  readonly url: string
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** Monotonic milliseconds: a clock that is set back must not keep a withdrawn key, nor the next fetch waiting. */
  readonly now?: () => number
  /** Told of each fetch. */
  readonly onFetch?: (error: unknown) => void
  /** Called when keys have come that lack one of those before, and when the first have come. */
  readonly onWithdraw?: () => void
}

export class Jwks implements VerificationKeys {
  private readonly options: Required<JwksOptions>
  private keys: readonly VerificationKey[] = []
  private digests: ReadonlySet<string> = new Set()
  /** When the keys at hand came; minus infinity while there are none. */
  private fetchedAtMs = Number.NEGATIVE_INFINITY
  private nextFetchAtMs = Number.NEGATIVE_INFINITY
  private failures = 0
  private successes = 0
  private fetching: Promise<void> | null = null

  constructor({
    url,
    fetch = globalThis.fetch,
    now = () => performance.now(),
    onFetch = () => undefined,
    onWithdraw = () => undefined,
  }: JwksOptions) {
    this.options = { url, fetch, now, onFetch, onWithdraw }
  }

  atHand(algorithm: string, kid: string | undefined): readonly VerificationKey[] | null {
    if (!isPublicAlgorithm(algorithm)) return []
    if (this.isStale) return null
    this.refreshIfOld()
    const found = fitting(this.keys, algorithm, kid)
    return found.length > 0 || kid === undefined ? found : null
  }

  async renewed(algorithm: string, kid: string | undefined): Promise<readonly VerificationKey[]> {
    // Whatever it has published since, no such signature is by one of its keys.
    if (!isPublicAlgorithm(algorithm)) return []
    const { successes } = this
    await this.refresh()
    // It was not asked now, so it may have published another key since it was.
    if (this.successes === successes) throw this.unavailable()
    return fitting(this.keys, algorithm, kid)
  }

  whyNoLongerValid(digest: string): LostKey | null {
    if (isOfSecret(digest)) return "unauthorized"
    if (this.isStale) return "keys_unavailable"
    this.refreshIfOld()
    return this.digests.has(digest) ? null : "unauthorized"
  }

  /** Asks anew, in the background, where it was asked once and that is a while ago. */
  refreshIfOld(): void {
    if (this.successes > 0 && this.options.now() - this.fetchedAtMs > freshMs) void this.refresh()
  }

  private get isStale(): boolean {
    return this.options.now() - this.fetchedAtMs > staleMs
  }

  /** Fetches, unless it is too early to. Never throws: who needs keys looks whether there are any. */
  refresh(): Promise<void> {
    if (this.fetching) return this.fetching
    if (this.options.now() < this.nextFetchAtMs) return Promise.resolve()
    this.fetching = this.load().finally(() => {
      this.fetching = null
    })
    return this.fetching
  }

  private async load(): Promise<void> {
    const { now, onFetch, onWithdraw } = this.options
    try {
      const keys = await this.fetchKeys()
      const digests = new Set(keys.map(({ digest }) => digest))
      const lacksSome = this.successes === 0 || [...this.digests].some((digest) => !digests.has(digest))
      this.keys = keys
      this.digests = digests
      this.fetchedAtMs = now()
      this.failures = 0
      this.successes++
      this.nextFetchAtMs = now() + intervalMs
      onFetch(null)
      if (lacksSome) onWithdraw()
    } catch (error) {
      const waitMs = boundMs(backoff, this.failures)
      this.failures++
      this.nextFetchAtMs = now() + waitMs
      onFetch(error)
    }
  }

  private async fetchKeys(): Promise<readonly VerificationKey[]> {
    const { url, fetch } = this.options
    const response = await fetch(url, {
      headers: { Accept: "application/json" },
      // A redirect would be an address that nobody configured.
      redirect: "error",
      signal: AbortSignal.timeout(fetchMsMax),
    })
    if (response.status !== 200) throw new Error(`The keys were answered with ${response.status}.`)
    const set: unknown = JSON.parse(await boundedText(response))
    if (typeof set !== "object" || set === null || !("keys" in set) || !Array.isArray(set.keys))
      throw new Error("The answer is not a set of keys (RFC 7517, 5).")
    // What cannot be used is passed over, as the RFC wants it: a set may hold keys for other purposes.
    return (set.keys as unknown[]).slice(0, keysMax).flatMap((jwk) => readKey(jwk) ?? [])
  }

  private unavailable(): LabaError {
    const seconds = Math.max(1, Math.ceil((this.nextFetchAtMs - this.options.now()) / 1000))
    return new LabaError(
      "keys_unavailable",
      "The keys of the token's issuer cannot be asked for now, and none of those that are known has signed it.",
      { retryAfterSeconds: seconds },
    )
  }
}

function readKey(jwk: unknown): VerificationKey | null {
  if (typeof jwk !== "object" || jwk === null) return null
  const wrong = Object.entries(jwk).some(
    ([name, value]) =>
      ["kty", "kid", "use", "alg", "n", "e", "crv", "x", "y"].includes(name) && typeof value !== "string",
  )
  return wrong ? null : publicKey(jwk as JWK)
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += (chunk as Uint8Array).length
    if (bytes > bodyBytesMax) throw new Error(`The set of keys has more than ${bodyBytesMax} bytes.`)
    chunks.push(chunk as Uint8Array)
  }
  return Buffer.concat(chunks).toString("utf8")
}
