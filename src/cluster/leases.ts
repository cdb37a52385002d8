// The contract of leases: which of several nodes does a thing that one alone may do. It is that node's while it renews, and
// another's once it has died. Knows things by their names only.
import type { MaybePromise } from "../engines/engine.ts"

export interface Leases {
  /**
   * Takes a lease, or renews it, for `holdMs` by the clock of who keeps it. `ours`: we have it. `held`: another node has it.
   * `done`: nobody needs it, what it is for was done. Throws `engine_unavailable`.
   */
  acquire(name: string, holdMs: number): MaybePromise<"ours" | "held" | "done">
  /** What it is for was done, and for `keepMs` whoever asks is answered so. Throws `engine_unavailable`. */
  markDone(name: string, keepMs: number): MaybePromise<void>
  /** Gives it up, so that another node need not wait. Nothing when it is not ours. Throws `engine_unavailable`. */
  release(name: string): MaybePromise<void>
}
