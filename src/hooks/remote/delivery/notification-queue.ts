// Retries notifications of hooks (unregister, nack, occupied, vacated) until their backend has answered: in order where order means something,
// after a growing, jittered wait, and after a restart where they are stored. A request whose answer somebody waits for is not retried: its
// client is told.
import { type Backoff, boundMs } from "../../../../wire/backoff.ts"
import { AgedMap } from "../../../bounds/aged-map.ts"
import type { HookNotification, NotificationStore } from "../remote.ts"
import type { Backend } from "./backend.ts"
import { BackendFailure } from "./backend-failure.ts"
import { NackBudget } from "./nack-budget.ts"

const backoff: Backoff = { minMs: 1000, maxMs: 60_000 }

/** A backend that did not hear for as long is not waited for. */
export const notificationAgeMaxMs = 3 * 24 * 3_600_000

interface NotificationQueueOptions {
  readonly backend: Backend
  readonly store: NotificationStore
  readonly onExpired: (notification: HookNotification) => void
  readonly now?: () => number
  readonly chance?: () => number
}

interface Pending {
  readonly notification: HookNotification
  failures: number
  /** Another node delivers it. */
  isOthers: boolean
}

export class NotificationQueue {
  readonly nacks = new NackBudget()
  private readonly options: NotificationQueueOptions
  private readonly now: () => number
  private readonly chance: () => number
  /** What may go now. */
  private readonly ready = new AgedMap<string, Pending>()
  /** What is to be told about one connection or channel, the first of which is ready, under way or waits for its retry. */
  private readonly byOrderKey = new Map<string, Pending[]>()
  private readonly retries = new Set<ReturnType<typeof setTimeout>>()
  private wake: ReturnType<typeof setTimeout> | null = null
  private count = 0
  private stopped = false
  private emptied: (() => void)[] = []

  constructor(options: NotificationQueueOptions) {
    this.options = options
    this.now = options.now ?? Date.now
    this.chance = options.chance ?? Math.random
    options.backend.concurrency.startNotification = () => this.startNext()
  }

  /** What the backend has not heard yet. */
  get pending(): number {
    return this.count
  }

  /** When the oldest of them happened; null when there is none. Looks through all. */
  get oldestMs(): number | null {
    let oldest: number | null = null
    for (const [first] of this.byOrderKey.values())
      if (first && (oldest === null || first.notification.time < oldest)) oldest = first.notification.time
    return oldest
  }

  /** All of it. */
  *all(): Iterable<HookNotification> {
    for (const waiting of this.byOrderKey.values())
      for (const { notification, isOthers } of waiting) if (!isOthers) yield notification
  }

  /** What is not among these ids another node delivers. What is under way at the moment is not called back. */
  dropOthers(kept: ReadonlySet<string>): void {
    for (const waiting of this.byOrderKey.values())
      for (const pending of waiting) if (!kept.has(pending.notification.id)) pending.isOthers = true
    this.options.backend.concurrency.fill()
  }

  /** Takes what is in the store already. */
  add(notification: HookNotification): void {
    const pending: Pending = { notification, failures: 0, isOthers: false }
    this.count++
    this.nacks.take(notification.event)
    const key = orderKeyOf(notification)
    const waiting = this.byOrderKey.get(key)
    if (waiting) {
      waiting.push(pending)
      return
    }
    this.byOrderKey.set(key, [pending])
    this.ready.set(key, pending)
    this.options.backend.concurrency.fill()
  }

  /** Starts one, if there is one and the backend may be called. */
  private startNext(): boolean {
    if (this.stopped) return false
    const next = this.nextReady()
    if (!next) return false
    if (!this.options.backend.mayNotify()) {
      this.wakeLater()
      return false
    }
    this.ready.delete(orderKeyOf(next.notification))
    void this.deliver(next)
    return true
  }

  private nextReady(): Pending | undefined {
    for (let next = this.ready.oldest; next; next = this.ready.oldest) {
      if (!next.value.isOthers) return next.value
      this.ready.delete(next.key)
      this.conclude(next.value)
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

  private async deliver(pending: Pending): Promise<void> {
    const { id, time, event } = pending.notification
    try {
      await this.options.backend.notify({ id, time, event })
    } catch (error) {
      // The backend has noted why.
      const askedMs = error instanceof BackendFailure ? (error.retryAfterSeconds ?? 0) * 1000 : 0
      if (this.now() - time < notificationAgeMaxMs) return this.retryLater(pending, askedMs)
      this.options.onExpired(pending.notification)
    }
    this.conclude(pending)
    this.options.backend.concurrency.fill()
  }

  private conclude(pending: Pending): void {
    this.options.store.remove(pending.notification.id)
    this.count--
    this.nacks.giveBack(pending.notification.event)
    const key = orderKeyOf(pending.notification)
    const waiting = this.byOrderKey.get(key) as Pending[]
    waiting.shift()
    const [next] = waiting
    if (next) this.ready.set(key, next)
    else this.byOrderKey.delete(key)
    if (this.count === 0) for (const resolve of this.emptied.splice(0)) resolve()
  }

  /** After its own wait, or the one that the backend asked for when that is longer. */
  private retryLater(pending: Pending, askedMs: number): void {
    if (this.stopped) return
    const waitMs = Math.min(backoff.maxMs, Math.max(boundMs(backoff, pending.failures++), askedMs))
    const clock = setTimeout(
      () => {
        this.retries.delete(clock)
        this.ready.set(orderKeyOf(pending.notification), pending)
        this.options.backend.concurrency.fill()
      },
      waitMs * (0.8 + 0.4 * this.chance()),
    )
    clock.unref?.()
    this.retries.add(clock)
  }

  /** Looks again when the circuit lets one try. */
  private wakeLater(): void {
    const { concurrency, circuit } = this.options.backend
    if (this.wake || !concurrency.hasRoom) return
    this.wake = setTimeout(() => {
      this.wake = null
      concurrency.fill()
    }, circuit.msUntilTry + 10)
    this.wake.unref?.()
  }
}

/** What has to be heard in order. */
const orderKeyOf = ({ event }: HookNotification): string =>
  "connection" in event ? event.connection : event.channel
