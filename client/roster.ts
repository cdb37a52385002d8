// The channels of a connection: one for each name, found again by the name that the server gives it.
import type { ServerFrame } from "../wire/frames.ts"
import type { Channel, ChannelOptions } from "./channel.ts"
import { LabaFailure, type Reason } from "./reason.ts"
import { createSubscription, type Subscribed, type Surroundings } from "./subscription.ts"

export interface RosterOptions extends Omit<Surroundings, "publish" | "named" | "closed"> {
  publish(name: string, ...what: Parameters<Channel["publish"]>): ReturnType<Channel["publish"]>
  /** The server subscribed this one by itself. */
  attached(channel: Channel): void
}

export interface Roster {
  /** The channel of that name; a new one unless it is open. Throws when it is, and is asked to start elsewhere. */
  channel(name: string, options: ChannelOptions): Channel
  /** A frame about a channel that answers no command. */
  hear(frame: ServerFrame & { channel: string }): void
  attach(): void
  detach(reason: Reason): void
  end(reason: Reason): void
}

export function createRoster(options: RosterOptions): Roster {
  const channels = new Map<string, Subscribed>()
  // By the name that the server gave them, which may be spelled otherwise.
  const routes = new Map<string, Subscribed>()

  const open = (name: string, after: ChannelOptions): Channel => {
    const one = createSubscription(name, after, {
      ...options,
      publish: (data, more) => options.publish(name, data, more),
      named: (wireName) => routes.set(wireName, one),
      closed() {
        channels.delete(name)
        for (const [wireName, route] of routes) if (route === one) routes.delete(wireName)
      },
    })
    channels.set(name, one)
    if (options.isConnected()) one.attach()
    return one.channel
  }

  /** A subscription that was not asked for. Ours takes its place, so that from here on it is like every other. */
  const adopt = ({ channel, cursor, history }: ServerFrame & { op: "subscribed" }): void => {
    if (channels.has(channel) || routes.has(channel)) return
    options.attached(open(channel, history === "kept" ? { after: cursor } : {}))
  }

  return {
    channel(name, after) {
      const known = channels.get(name)
      if (!known) return open(name, after)
      if (after.after === undefined) return known.channel
      const detail = `${name} is open already; close it to start elsewhere.`
      throw new LabaFailure({ code: "bad_cursor", retry: "stay-away", detail })
    },
    hear(frame) {
      if (frame.op === "subscribed") adopt(frame)
      else routes.get(frame.channel)?.hear(frame)
    },
    attach() {
      for (const one of channels.values()) one.attach()
    },
    detach(reason) {
      for (const one of channels.values()) one.detach(reason)
    },
    end(reason) {
      for (const one of channels.values()) one.end(reason)
      channels.clear()
      routes.clear()
    },
  }
}
