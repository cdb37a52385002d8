// The channels of a connection: one subscription for each, however it is spelled and however many use it, found again by the
// name that the server gives it.
import type { ServerFrame } from "../../wire/frames.ts"
import { LabaFailure, type Reason } from "../reason.ts"
import type { Channel, ChannelOptions } from "./channel.ts"
import {
  alreadyOpen,
  type ChannelSubscription,
  createSubscription,
  type SubscriptionContext,
  type SubscriptionOptions,
} from "./subscription.ts"

interface SubscriptionsOptions extends Omit<SubscriptionContext, "named" | "unsubscribed" | "closed"> {
  publish(name: string, ...what: Parameters<Channel["publish"]>): ReturnType<Channel["publish"]>
  /** The server subscribed this one by itself. False: nobody wanted to know. */
  attached(channel: Channel): boolean
}

interface Subscriptions {
  /** A handle on the channel of that name. Throws when it is open, and is asked to start elsewhere. */
  channel(name: string, options: ChannelOptions): Channel
  /** A frame about a channel that answers no command. */
  receive(frame: ServerFrame & { channel: string }): void
  connected(): void
  disconnected(reason: Reason): void
  end(reason: Reason): void
}

export function createSubscriptions(options: SubscriptionsOptions): Subscriptions {
  // By every name that the application calls them by.
  const byName = new Map<string, ChannelSubscription>()
  // By the name that the server gave them, which may be spelled otherwise.
  const byWireName = new Map<string, ChannelSubscription>()
  // Handles on channels that the server attached, for the first who asks.
  const unclaimed = new Map<string, Channel>()

  const replace = (
    names: Map<string, ChannelSubscription>,
    one: ChannelSubscription,
    by: ChannelSubscription | null,
  ): void => {
    for (const [name, held] of names) {
      if (held !== one) continue
      if (by) names.set(name, by)
      else names.delete(name)
    }
  }
  const create = (name: string, after: SubscriptionOptions): ChannelSubscription => {
    const one = createSubscription(name, after, {
      ...options,
      named(wireName) {
        const known = byWireName.get(wireName)
        if (known && known !== one) {
          replace(byName, one, known)
          return known
        }
        byWireName.set(wireName, one)
        return null
      },
      // Who was subscribed before that was asked for is meant by it too, though they asked under another name.
      unsubscribed: (wireName) => byWireName.get(wireName)?.resubscribe(),
      closed() {
        replace(byName, one, null)
        replace(byWireName, one, null)
        for (const [at, { state }] of unclaimed) if (state === "closed") unclaimed.delete(at)
      },
    })
    byName.set(name, one)
    return one
  }
  const open = (name: string, after: SubscriptionOptions): Channel => {
    const known = byName.get(name)
    const one = known || create(name, after)
    const channel = one.open(name, (data, more) => options.publish(name, data, more))
    if (!known && options.isConnected()) one.connected()
    return channel
  }

  /** A subscription that was not asked for. Ours takes its place, so that from here on it is like every other. */
  const adopt = ({ channel, cursor, history }: ServerFrame & { op: "subscribed" }): void => {
    if (byName.has(channel) || byWireName.has(channel)) return
    const handle = open(channel, history === "kept" ? { after: cursor, isAttached: true } : {})
    if (!options.attached(handle)) unclaimed.set(channel, handle)
  }
  const forEach = (tell: (one: ChannelSubscription) => void): void => new Set(byName.values()).forEach(tell)

  return {
    channel(name, after) {
      if (after.after !== undefined && byName.has(name)) throw new LabaFailure(alreadyOpen(name))
      const handle = unclaimed.get(name)
      unclaimed.delete(name)
      return handle || open(name, after)
    },
    receive(frame) {
      if (frame.op === "subscribed") adopt(frame)
      else byWireName.get(frame.channel)?.receive(frame)
    },
    connected: () => forEach((one) => one.connected()),
    disconnected: (reason) => forEach((one) => one.disconnected(reason)),
    end: (reason) => forEach((one) => one.end(reason)),
  }
}
