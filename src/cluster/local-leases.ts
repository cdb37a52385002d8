// Leases where there is one node: each is ours, and what was done is known to be done.
import { BoundedMap } from "../bounds/bounded-map.ts"
import type { Clock } from "../bounds/clock.ts"
import type { Leases } from "./leases.ts"

/** Leases remembered as done. Beyond it the oldest is forgotten: it could be done a second time, never not at all. */
const doneMax = 10_000

export class LocalLeases implements Leases {
  private readonly clock: Pick<Clock, "monotonic">
  private readonly doneUntilMs = new BoundedMap<string, number>(doneMax)

  constructor(clock: Pick<Clock, "monotonic">) {
    this.clock = clock
  }

  acquire(name: string): "ours" | "done" {
    const untilMs = this.doneUntilMs.get(name)
    if (untilMs !== undefined && untilMs > this.clock.monotonic()) return "done"
    this.doneUntilMs.delete(name)
    return "ours"
  }

  markDone(name: string, keepMs: number): void {
    this.doneUntilMs.set(name, this.clock.monotonic() + keepMs)
  }

  release(): void {
    // There is nobody else to take it.
  }
}
