// /_/live and /_/ready: whether the process answers, and whether it should be sent anybody. Load balancers and
// supervisors ask often, so the engine is asked at most once a second.
import { within } from "../../bounds/within.ts"
import type { MaybePromise } from "../../engines/engine.ts"

/** Why nobody should be sent here. */
type UnreadyReason = "draining" | "engine_unavailable" | "deaf" | "source_away"

interface ReadinessOptions {
  /** The node is about to go away. */
  readonly leaving: () => boolean
  /** Asks the engine for anything; throws or hangs when it cannot be reached. */
  readonly probe: () => MaybePromise<unknown>
  readonly onUnavailable: (error: unknown) => void
  /** The node does not hear what it publishes itself. Default never. */
  readonly isDeaf?: () => boolean
  /** A source is away that the node's readiness was made to depend on. Default never. */
  readonly isSourceAway?: () => boolean
  /** Milliseconds, monotonic. */
  readonly now?: () => number
}

/** What the engine said is good for as long. */
const probeIntervalMs = 1000

/** An engine that says nothing for as long is away. */
const probeTimeoutMs = 1000

export class Readiness {
  private readonly options: ReadinessOptions
  private readonly now: () => number
  private probedAt = Number.NEGATIVE_INFINITY
  private probing: Promise<boolean> | null = null
  private reachable = true

  constructor(options: ReadinessOptions) {
    this.options = options
    this.now = options.now ?? (() => performance.now())
  }

  /** What is known without asking. */
  get isReady(): boolean {
    return this.reachable && !this.options.leaving() && !this.isDeaf && !this.isSourceAway
  }

  /** None: send everybody here. */
  async reasons(): Promise<readonly UnreadyReason[]> {
    const reachable = await this.engineReachable()
    const reasons: UnreadyReason[] = []
    if (this.options.leaving()) reasons.push("draining")
    if (!reachable) reasons.push("engine_unavailable")
    else if (this.isDeaf) reasons.push("deaf")
    if (this.isSourceAway) reasons.push("source_away")
    return reasons
  }

  private get isSourceAway(): boolean {
    return this.options.isSourceAway?.() ?? false
  }

  private get isDeaf(): boolean {
    return this.options.isDeaf?.() ?? false
  }

  private async engineReachable(): Promise<boolean> {
    if (this.now() - this.probedAt < probeIntervalMs) return this.reachable
    // Those who ask meanwhile share one question.
    this.probing ??= this.probe().finally(() => {
      this.probing = null
    })
    return this.probing
  }

  private async probe(): Promise<boolean> {
    const was = this.reachable
    try {
      if (!(await within(probeTimeoutMs, Promise.resolve(this.options.probe()))))
        throw new Error(`the engine did not answer within ${probeTimeoutMs} ms`)
      this.reachable = true
    } catch (error) {
      this.reachable = false
      // Once, not every second.
      if (was) this.options.onUnavailable(error)
    }
    this.probedAt = this.now()
    return this.reachable
  }
}

const headers = { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" }

/** GET /_/live. On purpose it asks nothing: a node without its engine is not made better by being started again. */
export const live = (): Response => Response.json({ live: true }, { headers })

/** GET /_/ready */
export const ready = (readiness: Readiness) => async (): Promise<Response> => {
  const reasons = await readiness.reasons()
  const isReady = reasons.length === 0
  return Response.json({ ready: isReady, reasons }, { status: isReady ? 200 : 503, headers })
}
