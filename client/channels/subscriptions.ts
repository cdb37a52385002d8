// The channels of a connection: one subscription for each, however it is spelled and however many use it, found again by the
// name that the server gives it.
import type { ServerFrame } from "../../wire/frames.ts"
import type { Channel, ChannelOptions } from "./channel.ts"
import { LabaFailure, type Reason } from "../reason.ts"
import {
  createSubscription,
  openAlready,
  type Subscribed,
  type SubscriptionOptions,
  type Surroundings,
} from "./subscription.ts"

interface RosterOptions extends Omit<Surroundings, "named" | "unsubscribed" | "closed"> {
  publish(name: string, ...what: Parameters<Channel["publish"]>): ReturnType<Channel["publish"]>
  /** The server subscribed this one by itself. False: nobody wanted to know. */
  attached(channel: Channel): boolean
}

interface Roster {
  /** A handle on the channel of that name. Throws when it is open, and is asked to start elsewhere. */
  channel(name: string, options: ChannelOptions): Channel
  /** A frame about a channel that answers no command. */
  hear(frame: ServerFrame & { channel: string }): void
  attach(): void
  detach(reason: Reason): void
  end(reason: Reason): void
}

export function createRoster(options: RosterOptions): Roster {
  // By every name that the application calls them by.
  const channels = new Map<string, Subscribed>()
  // By the name that the server gave them, which may be spelled otherwise.
  const routes = new Map<string, Subscribed>()
  // Handles on channels that the server attached, for the first who asks.
  const unclaimed = new Map<string, Channel>()

  const replace = (names: Map<string, Subscribed>, one: Subscribed, by: Subscribed | null): void => {
    for (const [name, held] of names) {
      if (held !== one) continue
      if (by) names.set(name, by)
      else names.delete(name)
    }
  }
  const create = (name: string, after: SubscriptionOptions): Subscribed => {
    const one = createSubscription(name, after, {
      ...options,
      named(wireName) {
        const known = routes.get(wireName)
        if (known && known !== one) {
          replace(channels, one, known)
          return known
        }
        routes.set(wireName, one)
        return null
      },
      // Who was subscribed before that was asked for is meant by it too, though they asked under another name.
      unsubscribed: (wireName) => routes.get(wireName)?.goBack(),
      closed() {
        replace(channels, one, null)
        replace(routes, one, null)
        for (const [at, { state }] of unclaimed) if (state === "closed") unclaimed.delete(at)
      },
    })
    channels.set(name, one)
    return one
  }
  const open = (name: string, after: SubscriptionOptions): Channel => {
    const known = channels.get(name)
    const one = known || create(name, after)
    const channel = one.open(name, (data, more) => options.publish(name, data, more))
    if (!known && options.isConnected()) one.attach()
    return channel
  }

  /** A subscription that was not asked for. Ours takes its place, so that from here on it is like every other. */
  const adopt = ({ channel, cursor, history }: ServerFrame & { op: "subscribed" }): void => {
    if (channels.has(channel) || routes.has(channel)) return
    const handle = open(channel, history === "kept" ? { after: cursor, isAttached: true } : {})
    if (!options.attached(handle)) unclaimed.set(channel, handle)
  }
  const all = (): Set<Subscribed> => new Set(channels.values())

  return {
    channel(name, after) {
      if (after.after !== undefined && channels.has(name)) throw new LabaFailure(openAlready(name))
      const handle = unclaimed.get(name)
      unclaimed.delete(name)
      return handle ?? open(name, after)
    },
    hear(frame) {
      if (frame.op === "subscribed") adopt(frame)
      else routes.get(frame.channel)?.hear(frame)
    },
    attach() {
      for (const one of all()) one.attach()
    },
    detach(reason) {
      for (const one of all()) one.detach(reason)
    },
    end(reason) {
      for (const one of all()) one.end(reason)
    },
  }
}
