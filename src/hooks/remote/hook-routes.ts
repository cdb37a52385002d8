// The backends of a node, each with its queue of what it has to hear, found by channel, by connection or by name.
import { parsePattern } from "../../channels/pattern.ts"
import { PatternTree } from "../../channels/pattern-tree.ts"
import type { Visitor } from "../hooks.ts"
import { Backend, type HookError } from "./delivery/backend.ts"
import { labaDialect } from "./dialects/laba-dialect.ts"
import type { HookConfig, HttpSend, NotificationStore, HookNotification } from "./remote.ts"
import { NotificationQueue } from "./delivery/notification-queue.ts"
import { tencentDialect } from "./dialects/tencent-dialect.ts"

/** One hook, and what serves it. */
export interface HookRoute {
  readonly hook: HookConfig
  readonly backend: Backend
  readonly notifications: NotificationQueue
}

export interface HookRoutesOptions {
  readonly hooks: readonly HookConfig[]
  readonly post: HttpSend
  readonly store: NotificationStore
  readonly onFailure: (hook: HookConfig, error: HookError) => void
  /** Something was not told and never will be. */
  readonly onLost: (hook: string, why: string) => void
  readonly now?: () => number
  readonly chance?: () => number
}

const dialects = { laba: labaDialect, tencent: tencentDialect } as const

export class HookRoutes {
  readonly all: readonly HookRoute[]
  private readonly options: HookRoutesOptions
  private readonly byPattern = new PatternTree<HookRoute>()
  private readonly byName = new Map<string, HookRoute>()

  constructor(options: HookRoutesOptions) {
    this.options = options
    this.all = options.hooks.map((hook) => this.routeOf(hook))
    for (const route of this.all) {
      this.byPattern.add(parsePattern(route.hook.pattern), route)
      this.byName.set(route.hook.name, route)
    }
  }

  /** Tells that no backend has heard yet. */
  get pending(): number {
    return this.all.reduce((sum, { notifications }) => sum + notifications.pending, 0)
  }

  /** For who watches over a node. */
  get figures(): { readonly pending: number; readonly away: number } {
    const away = this.all.filter(({ backend }) => backend.circuit.state !== "closed").length
    return { pending: this.pending, away }
  }

  /** Who has a say about a channel. */
  for(channel: string): HookRoute | undefined {
    return this.byPattern.find(channel.slice(1).split("/"))
  }

  named(name: string): HookRoute | undefined {
    return this.byName.get(name)
  }

  /** Who is asked about a connection: of the channel in its address; of `/_/…` by the first channel asked for, or `/**`. */
  forConnection({ channel, channels }: Pick<Visitor, "channel" | "channels">): HookRoute | undefined {
    const first = channel ?? channels[0]
    if (first !== undefined) return this.for(first)
    return this.all.find(({ hook }) => hook.pattern === "/**")
  }

  /** What an earlier run of this node has not told. Nothing of it is open any more. */
  takeUp(tells: readonly HookNotification[]): void {
    for (const tell of tells) {
      const route = this.byName.get(tell.hook)
      if (route?.hook.urls[tell.event.kind] !== undefined) {
        route.notifications.add(tell)
      } else {
        this.options.store.remove(tell.id)
        this.options.onLost(tell.hook, `${tell.id} has nobody left to hear it`)
      }
    }
  }

  private routeOf(hook: HookConfig): HookRoute {
    const { post, onFailure, store, onLost, now, chance } = this.options
    const clock = { ...(now && { now }), ...(chance && { chance }) }
    const notifications: NotificationQueue = new NotificationQueue({
      ...clock,
      backend: () => backend,
      store,
      onExpired: ({ id }) => onLost(hook.name, `${id} was not heard for three days`),
    })
    const backend = new Backend({
      ...clock,
      hook,
      dialect: dialects[hook.dialect],
      post,
      startNotification: () => notifications.startNotification(),
      onFailure,
    })
    return { hook, backend, notifications }
  }
}
