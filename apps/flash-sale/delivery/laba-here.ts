// Laba inside this process: the app is a user of it like any other, by its public name. Who may hear what is decided as
// somebody connects; what a buyer sends over the socket is answered and never published.
import { type Hooks, serve } from "laba"
import type { Loudspeaker } from "./loudspeaker.ts"

export interface LabaHereOptions {
  readonly host: string
  readonly port: number
  readonly hooks: Hooks
}

/** Results stay readable for a day: the last word of a sale is for who looks in the morning after, too. */
const resultHistory = { count: 20, bytes: "64KB", time: "24h" } as const

export async function labaHere({ host, port, hooks }: LabaHereOptions): Promise<Loudspeaker> {
  const laba = await serve({
    listen: { host, port },
    channels: {
      "/@*/sales/*": { history: resultHistory },
      "/sales/*": { history: { count: 5, time: "1h" }, slow: "latest" },
    },
    ...hooks,
  })
  const held = new Set<string>()
  return {
    url: laba.url,
    async publish(channel, json) {
      await laba.publish(channel, json, { type: "application/json" })
      if (channel.startsWith(marker)) held.add(channel)
    },
    // It lives and dies with this process, and what it holds was published by this process.
    holds: async (channel) => held.has(channel),
    close: () => laba.close(),
  }
}

/** Channels that tell whether Laba has lost its memory. */
export const marker = "/sales-marker/"
