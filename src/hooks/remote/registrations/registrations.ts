// The connections that backends were told of, each until its end was told too. The end is written down before the backend
// hears of the beginning: whatever happens to this process, it is told.
import { LabaError } from "../../../../wire/error.ts"
import type { HookConfig, HookedConnection, HookNotification, NotificationStore } from "../remote.ts"

/** Connections and ends not yet told, all backends together. At about 600 bytes each on disk and in memory it is 300 MB. */
const storedMax = 500_000

/** How long a client that was let in may take to be there. Its handshake is over within seconds, or never. */
export const openWithinMs = 30_000

/** A connection that a backend was asked about. */
export interface Registration extends HookedConnection {
  readonly hook: HookConfig
  readonly registeredMs: number
  state: string | undefined
  user: string | undefined
  /** Messages so far. */
  messages: number
  /** The end waits for them. */
  asksUnderWay: number
  isEndStored: boolean
  ended: { readonly code: number; readonly reason: string } | null
}

/** How a connection ended. */
export interface Ending {
  readonly code: number
  readonly reason: string
  /** Whose it was by then. */
  readonly user?: string | undefined
}

/** Somebody was let in and did not come. */
export const notOpened: Ending = { code: 1006, reason: "not_opened" }

interface RegistrationsOptions {
  readonly store: NotificationStore
  /** Queues an end that is in the store. */
  readonly notify: (notification: HookNotification) => void
  /** Ends that wait to be heard. */
  readonly pending: () => number
  readonly isOpen: (connection: string) => boolean
  readonly now: () => number
  readonly storedMax?: number
}

export class Registrations {
  private readonly options: RegistrationsOptions
  private readonly byConnection = new Map<string, Registration>()
  /** Those that are not yet known to be open, oldest first. */
  private readonly coming = new Set<Registration>()

  constructor(options: RegistrationsOptions) {
    this.options = options
  }

  get size(): number {
    return this.byConnection.size
  }

  find(connection: string): Registration | null {
    return this.byConnection.get(connection) ?? null
  }

  /** Stores the end of a connection that is about to begin, as its last will. Throws `hook_failed` when no room is left for it. */
  async add(facts: HookedConnection, hook: HookConfig): Promise<Registration> {
    const { store, now, pending } = this.options
    const most = this.options.storedMax ?? storedMax
    if (this.byConnection.size + pending() >= most) {
      throw new LabaError(
        "hook_failed",
        "More connections have ended than the application has heard of; no new ones are taken until it has.",
        { retryAfterSeconds: 10 },
      )
    }
    const registration: Registration = {
      ...facts,
      hook,
      registeredMs: now(),
      messages: 0,
      asksUnderWay: 0,
      isEndStored: false,
      ended: null,
    }
    this.byConnection.set(facts.connection, registration)
    this.coming.add(registration)
    if (hook.urls.unregister !== undefined) {
      await store.put(this.willOf(registration))
      registration.isEndStored = true
    }
    return registration
  }

  /** What is to be remembered of it has changed. */
  update(registration: Registration): void {
    if (registration.hook.urls.unregister !== undefined && this.byConnection.has(registration.connection))
      keep(this.options.store, this.willOf(registration))
  }

  /** Whose connection it is, where that was found out after it was open. */
  name(registration: Registration, user: string | undefined): void {
    if (user === undefined || user === registration.user) return
    registration.user = user
    this.update(registration)
  }

  /** The backend said no, or was never reached: there is nothing to be told. */
  forget(registration: Registration): void {
    this.byConnection.delete(registration.connection)
    this.coming.delete(registration)
    if (registration.hook.urls.unregister !== undefined)
      this.options.store.remove(idOf(registration.connection))
  }

  /** The connection is gone. Told once nothing is under way for it. */
  end(connection: string, { code, reason, user }: Ending): void {
    const registration = this.byConnection.get(connection)
    if (!registration || registration.ended) return
    registration.user = user ?? registration.user
    registration.ended = { code, reason }
    if (registration.asksUnderWay === 0) this.notifyEnd(registration)
  }

  /** Others have told the end of all whose will is not kept any more: answers these, which have to end. */
  fence(kept: ReadonlySet<string>): string[] {
    const toldByOthers = [...this.byConnection.values()].filter(
      ({ isEndStored, connection }) => isEndStored && !kept.has(idOf(connection)),
    )
    for (const { connection } of toldByOthers) this.byConnection.delete(connection)
    return toldByOthers.map(({ connection }) => connection)
  }

  /** What would have to be told of each, were this process gone now. */
  *wills(): Iterable<HookNotification> {
    for (const registration of this.byConnection.values())
      if (registration.hook.urls.unregister !== undefined) yield this.willOf(registration)
  }

  /** Runs work for a connection, whose end is not told before it is over. */
  async during<T>(registration: Registration, work: () => Promise<T>): Promise<T> {
    registration.asksUnderWay++
    try {
      return await work()
    } finally {
      registration.asksUnderWay--
      if (registration.asksUnderWay === 0 && registration.ended) this.notifyEnd(registration)
    }
  }

  /** Ends those that were let in and never came. */
  sweep(): void {
    const { now, isOpen } = this.options
    for (const registration of this.coming) {
      if (now() - registration.registeredMs < openWithinMs) return
      this.coming.delete(registration)
      if (!isOpen(registration.connection)) this.end(registration.connection, notOpened)
    }
  }

  private notifyEnd(registration: Registration): void {
    this.byConnection.delete(registration.connection)
    this.coming.delete(registration)
    if (registration.hook.urls.unregister === undefined) return
    const end = this.willOf(registration)
    keep(this.options.store, end)
    this.options.notify(end)
  }

  private willOf(registration: Registration): HookNotification {
    const { connection, transport, channel, user, state, hook, ended, registeredMs } = registration
    const { code, reason } = ended ?? { code: 1006, reason: "node_lost" }
    const facts = { connection, transport, channel, user, state }
    return {
      id: idOf(connection),
      hook: hook.name,
      time: ended ? this.options.now() : registeredMs,
      event: { kind: "unregister", ...facts, code, reason },
    }
  }
}

/** Stores it in any case: what cannot be is told all the same while this process lives, and what was stored before stays. */
export function keep(store: NotificationStore, notification: HookNotification): void {
  void Promise.resolve(store.put(notification)).catch(() => undefined)
}

const idOf = (connection: string): string => `${connection}/unregister`
