// Tells a backend what it has to hear until it has heard it: in order where order means something, again after a growing,
// jittered wait, and after a restart where that is remembered.
import type { Backend } from "./backend.ts"
import { BackendFailure } from "./backend-failure.ts"
import type { NotificationStore, HookNotification } from "../remote.ts"

const firstWaitMs = 1000
const longestWaitMs = 60_000

/** A backend that did not hear for as long is not waited for. */
export const notificationAgeMaxMs = 3 * 24 * 3_600_000

interface NotificationQueueOptions {
  readonly backend: () => Backend
  readonly store: NotificationStore
  readonly onExpired: (tell: HookNotification) => void
  readonly now?: () => number
  readonly chance?: () => number
}

interface Pending {
  readonly tell: HookNotification
  waitMs: number
  /** Somebody else tells it. */
  isOthers: boolean
}

export class NotificationQueue {
  private readonly options: NotificationQueueOptions
  private readonly now: () => number
  private readonly chance: () => number
  /** What may go now. */
  private readonly ready = new Set<Pending>()
  /** What is to be told about one connection or channel, the first of which is ready, under way or waits for its retry. */
  private readonly lanes = new Map<string, Pending[]>()
  private readonly retries = new Set<ReturnType<typeof setTimeout>>()
  private wake: ReturnType<typeof setTimeout> | null = null
  private count = 0
  private stopped = false
  private emptied: (() => void)[] = []

  constructor(options: NotificationQueueOptions) {
    this.options = options
    this.now = options.now ?? Date.now
    this.chance = options.chance ?? Math.random
  }

  /** What the backend has not heard yet. */
  get pending(): number {
    return this.count
  }

  /** When the oldest of them happened; null when there is none. Looks through all. */
  get oldestMs(): number | null {
    let oldest: number | null = null
    for (const [first] of this.lanes.values())
      if (first && (oldest === null || first.tell.time < oldest)) oldest = first.tell.time
    return oldest
  }

  /** All of it. */
  *all(): Iterable<HookNotification> {
    for (const lane of this.lanes.values()) for (const { tell, isOthers } of lane) if (!isOthers) yield tell
  }

  /** What is not among these ids is told by another node. What is under way at the moment is not called back. */
  dropOthers(kept: ReadonlySet<string>): void {
    for (const lane of this.lanes.values())
      for (const pending of lane) if (!kept.has(pending.tell.id)) pending.isOthers = true
    this.options.backend().concurrency.fill()
  }

  /** Takes a tell that is in the records already. */
  add(tell: HookNotification): void {
    const pending: Pending = { tell, waitMs: firstWaitMs, isOthers: false }
    this.count++
    const lane = this.lanes.get(orderKeyOf(tell))
    if (lane) {
      lane.push(pending)
      return
    }
    this.lanes.set(orderKeyOf(tell), [pending])
    this.ready.add(pending)
    this.options.backend().concurrency.fill()
  }

  /** Starts one, if there is one and the backend may be called. For `Concurrency`. */
  startNotification(): boolean {
    if (this.stopped) return false
    const next = this.nextReady()
    if (!next) return false
    const backend = this.options.backend()
    if (!backend.mayNotify()) {
      this.wakeLater(backend)
      return false
    }
    this.ready.delete(next)
    void this.tell(next, backend)
    return true
  }

  private nextReady(): Pending | undefined {
    for (const pending of this.ready) {
      if (!pending.isOthers) return pending
      this.ready.delete(pending)
      this.conclude(pending)
    }
    return undefined
  }

  /** Resolves when all is told. */
  flushed(): Promise<void> {
    if (this.count === 0) return Promise.resolve()
    return new Promise((resolve) => void this.emptied.push(resolve))
  }

  stop(): void {
    this.stopped = true
    if (this.wake) clearTimeout(this.wake)
    for (const clock of this.retries) clearTimeout(clock)
  }

  private async tell(pending: Pending, backend: Backend): Promise<void> {
    const { id, time, event } = pending.tell
    try {
      await backend.tell({ id, time, event })
    } catch (error) {
      // The backend has noted why.
      const askedMs = error instanceof BackendFailure ? (error.retryAfterSeconds ?? 0) * 1000 : 0
      if (this.now() - time < notificationAgeMaxMs) return this.retryLater(pending, askedMs)
      this.options.onExpired(pending.tell)
    }
    this.finish(pending)
  }

  private finish(pending: Pending): void {
    this.conclude(pending)
    this.options.backend().concurrency.fill()
  }

  private conclude(pending: Pending): void {
    this.options.store.remove(pending.tell.id)
    this.count--
    const key = orderKeyOf(pending.tell)
    const lane = this.lanes.get(key) as Pending[]
    lane.shift()
    const [next] = lane
    if (next) this.ready.add(next)
    else this.lanes.delete(key)
    if (this.count === 0) for (const resolve of this.emptied.splice(0)) resolve()
  }

  /** After its own wait, or the one that the backend asked for when that is longer. */
  private retryLater(pending: Pending, askedMs: number): void {
    if (this.stopped) return
    const waitMs = Math.min(longestWaitMs, Math.max(pending.waitMs, askedMs))
    const clock = setTimeout(
      () => {
        this.retries.delete(clock)
        this.ready.add(pending)
        this.options.backend().concurrency.fill()
      },
      waitMs * (0.8 + 0.4 * this.chance()),
    )
    clock.unref?.()
    this.retries.add(clock)
    pending.waitMs = Math.min(longestWaitMs, pending.waitMs * 2)
  }

  /** Looks again when the circuit lets one try. */
  private wakeLater(backend: Backend): void {
    if (this.wake || !backend.concurrency.hasRoom) return
    this.wake = setTimeout(() => {
      this.wake = null
      this.options.backend().concurrency.fill()
    }, backend.circuit.msUntilTry + 10)
    this.wake.unref?.()
  }
}

/** What has to be heard in order. */
const orderKeyOf = ({ event }: HookNotification): string =>
  event.kind === "unregister" ? event.connection : event.channel
