// Alarm leases where there is one node: everything is ours, and what was told is told once.
import type { Clock } from "../bounds/clock.ts"
import { BoundedMap } from "../bounds/bounded-map.ts"
import type { AlarmLeases } from "./silence.ts"

/** Alarms remembered as told. Beyond it the oldest is forgotten: it could be told a second time, never not at all. */
const toldMax = 10_000

export class LocalAlarmLeases implements AlarmLeases {
  private readonly clock: Pick<Clock, "monotonic">
  private readonly untilMs = new BoundedMap<string, number>(toldMax)

  constructor(clock: Pick<Clock, "monotonic">) {
    this.clock = clock
  }

  acquire(alarm: string): "ours" | "told" {
    const untilMs = this.untilMs.get(alarm)
    if (untilMs !== undefined && untilMs > this.clock.monotonic()) return "told"
    this.untilMs.delete(alarm)
    return "ours"
  }

  markTold(alarm: string, keepMs: number): void {
    this.untilMs.set(alarm, this.clock.monotonic() + keepMs)
  }
}
