// The hooks of a node, each with its backend and the queue of what that has to hear, found by channel, by connection or by name.
import { parsePattern } from "../../channels/pattern.ts"
import { PatternTree } from "../../channels/pattern-tree.ts"
import type { Visitor } from "../hooks.ts"
import { Backend, type HookError } from "./delivery/backend.ts"
import { NotificationQueue } from "./delivery/notification-queue.ts"
import { labaDialect } from "./dialects/laba-dialect.ts"
import { tencentDialect } from "./dialects/tencent-dialect.ts"
import type { ChannelHook } from "./registrations/occupancy.ts"
import type { HookConfig, HookNotification, HttpSend, NotificationStore } from "./remote.ts"

/** One hook, and what serves it. */
export interface HookRoute {
  readonly hook: HookConfig
  readonly backend: Backend
  readonly notifications: NotificationQueue
}

export interface HookRoutesOptions {
  readonly hooks: readonly HookConfig[]
  readonly send: HttpSend
  readonly store: NotificationStore
  readonly onFailure: (hook: HookConfig, error: HookError) => void
  /** A notification was not delivered and never will be. */
  readonly onLost: (hook: string, why: string) => void
  readonly now?: () => number
  readonly chance?: () => number
}

const dialects = { laba: labaDialect, tencent: tencentDialect } as const

export class HookRoutes {
  readonly all: readonly HookRoute[]
  private readonly byPattern = new PatternTree<HookRoute>()
  private readonly byName = new Map<string, HookRoute>()

  constructor(options: HookRoutesOptions) {
    this.all = options.hooks.map((hook) => makeRoute(hook, options))
    for (const route of this.all) {
      this.byPattern.add(parsePattern(route.hook.pattern), route)
      this.byName.set(route.hook.name, route)
    }
  }

  /** Notifications that no backend has heard yet. */
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

  /** Whether any backend wants to hear which channels somebody listens to. */
  get tellOfChannels(): boolean {
    return this.all.some(({ hook: { urls } }) => urls.occupied ?? urls.vacated)
  }

  /** Who wants to hear which of the two about a channel; null when nobody does. */
  channelHook(channel: string): ChannelHook | null {
    const hook = this.for(channel)?.hook
    const tells = (["occupied", "vacated"] as const).filter((kind) => hook?.urls[kind] !== undefined)
    return hook && tells.length > 0 ? { name: hook.name, tells } : null
  }

  /** Queues what is in the store already. */
  notify(notification: HookNotification): void {
    this.named(notification.hook)?.notifications.add(notification)
  }
}

function makeRoute(hook: HookConfig, options: HookRoutesOptions): HookRoute {
  const { send, onFailure, store, onLost, now, chance } = options
  const clock = { ...(now && { now }), ...(chance && { chance }) }
  const backend = new Backend({ ...clock, hook, dialect: dialects[hook.dialect], send, onFailure })
  const notifications = new NotificationQueue({
    ...clock,
    backend,
    store,
    onExpired: ({ id }) => onLost(hook.name, `${id} was not heard for three days`),
  })
  return { hook, backend, notifications }
}
