// Tells the listeners of a channel that they must reload, when the engine has lost what they missed: after an outage that is
// everybody on the node, and each reload is a question to the application. So they are told in turn. Who waits to be told
// skips, and is given nothing before.
import type { Position } from "../../../wire/cursor.ts"
import type { ResetReason } from "../../../wire/frames.ts"
import type { Counters } from "../../telemetry/counters.ts"
import { type Audience, audienceOf, type UngroupedListener } from "../audience/audience.ts"
import { resetAtHead } from "./catch-up.ts"
import { phaseOf } from "../audience/listener-state.ts"

/** Listeners told to reload in a second, with a burst of one second's worth: about 20 ms of the loop, and what an application behind it answers. */
export const resetsPerSecond = 2000

/** How often the next are told. */
const intervalMs = 50

/** Listeners that are made to skip in one turn: some 2 ms. */
const asideSliceMax = 1000

export class PacedResets {
  private readonly counters: Counters
  private readonly isOpen: (audience: Audience) => boolean
  /** Who waits, in the order in which they are told. */
  private readonly waiting = new Map<UngroupedListener, ResetReason>()
  private left = resetsPerSecond
  private countedAtMs = performance.now()
  private timer: ReturnType<typeof setTimeout> | null = null

  constructor(counters: Counters, isOpen: (audience: Audience) => boolean) {
    this.counters = counters
    this.isOpen = isOpen
  }

  /** The audience stands at `tail` from now on; everybody live is told so, now or in turn. */
  async tell(audience: Audience, tail: Position, reason: ResetReason): Promise<void> {
    const before = audience.position
    const later = audience.live().slice(this.allowed())
    for (let at = 0; at < later.length; at++) {
      // Nothing of the new numbering is given meanwhile: for the audience it is a hole until it stands elsewhere.
      if (at > 0 && at % asideSliceMax === 0) await new Promise((resolve) => setImmediate(resolve))
      const listener = later[at]
      if (!listener || audienceOf(listener) !== audience || phaseOf(listener) !== "live") continue
      if (audience.move(listener, "skip", before))
        this.waiting.set(listener.hubState as UngroupedListener, reason)
    }
    if (!this.isOpen(audience)) return
    audience.restart(tail)
    for (const listener of audience.live()) {
      this.left--
      this.counters.countReset(reason)
      listener.reset(tail, reason)
    }
    this.arm()
  }

  private arm(): void {
    if (this.waiting.size > 0) this.timer ??= setTimeout(() => this.tellNext(), intervalMs)
  }

  private tellNext(): void {
    this.timer = null
    let left = this.allowed()
    for (const [skipping, reason] of this.waiting) {
      if (left <= 0) break
      this.waiting.delete(skipping)
      if (skipping.listener.hubState !== skipping || skipping.listener.closed) continue
      left--
      this.left--
      resetAtHead(skipping, reason, this.counters)
    }
    this.arm()
  }

  private allowed(): number {
    const now = performance.now()
    this.left = Math.min(resetsPerSecond, this.left + ((now - this.countedAtMs) * resetsPerSecond) / 1000)
    this.countedAtMs = now
    return Math.max(0, Math.floor(this.left))
  }
}
