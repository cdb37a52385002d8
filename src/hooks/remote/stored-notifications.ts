// What backends have yet to hear, of this run of the node and of runs that are dead: taken out of the store at the start and from
// nodes whose lease ran out, said again to a store that may have lost it, and delivered as far as possible before the end.
import { within } from "../../bounds/within.ts"
import type { HookRoutes } from "./hook-routes.ts"
import type { Occupancy } from "./registrations/occupancy.ts"
import type { Registrations } from "./registrations/registrations.ts"
import type { HookNotification, NotificationStore } from "./remote.ts"

interface StoredNotificationsOptions {
  readonly store: NotificationStore
  readonly routes: HookRoutes
  readonly registrations: Registrations
  readonly occupancy: Occupancy | null
  /** Ends a connection whose end a backend was told already. */
  readonly dismiss: (connection: string) => void
  /** A notification was not delivered and never will be. */
  readonly onLost: (hook: string, why: string) => void
}

export class StoredNotifications {
  private readonly options: StoredNotificationsOptions

  constructor(options: StoredNotificationsOptions) {
    this.options = options
    const { store, routes, registrations, occupancy, dismiss } = options
    this.takeOver(store.load())
    store.begin?.({
      adopted: (notifications) => this.adopt(notifications),
      leaseLost(kept) {
        for (const { notifications } of routes.all) notifications.dropOthers(kept)
        for (const connection of registrations.fence(kept)) dismiss(connection)
        occupancy?.leaseLost(kept)
      },
      snapshot: () => this.snapshot(),
    })
  }

  /** Delivers what it can within the time, and stops. What is left is delivered after a restart, where it is stored. */
  async close(withinMs: number): Promise<void> {
    const { routes, store, onLost } = this.options
    await within(withinMs, this.deliverTheRest())
    for (const { notifications, hook } of routes.all) {
      notifications.stop()
      if (notifications.pending > 0 && !store.durable)
        onLost(hook.name, `${notifications.pending} not told before the end`)
    }
    await store.close()
  }

  private async deliverTheRest(): Promise<void> {
    const { occupancy, routes, store } = this.options
    await occupancy?.close()
    // A backend that is away hears it after the restart; one that has only this process left is waited for in any case.
    const worthIt = routes.all.filter(({ backend }) => !store.durable || backend.circuit.state === "closed")
    await Promise.all(worthIt.map(({ notifications }) => notifications.flushed()))
  }

  /** What another run had to tell. Nothing of it is open any more. */
  private takeOver(found: readonly HookNotification[]): void {
    const { routes, store, onLost } = this.options
    for (const one of found) {
      const route = routes.named(one.hook)
      if (route?.hook.urls[one.event.kind] !== undefined) {
        route.notifications.add(one)
      } else {
        store.remove(one.id)
        onLost(one.hook, `${one.id} has nobody left to hear it`)
      }
    }
  }

  /** What a dead node had to tell, and the channels that it had no time to leave. */
  private adopt(found: readonly HookNotification[]): void {
    const { occupancy, store } = this.options
    this.takeOver(found.filter(({ isWill }) => !isWill))
    for (const will of found.filter(({ isWill }) => isWill)) {
      if (occupancy) occupancy.inherit(will)
      else store.remove(will.id)
    }
  }

  /** What must outlive this process: last wills, and what no backend has heard yet. */
  private *snapshot(): Iterable<HookNotification> {
    const { registrations, occupancy, routes } = this.options
    yield* registrations.wills()
    if (occupancy) yield* occupancy.wills()
    // After the wills: what is to be told stands in the place of the will that it was.
    for (const { notifications } of routes.all) yield* notifications.all()
  }
}
