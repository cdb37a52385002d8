// Laba inside this process: the app is a user of it like any other, by its public name. Buyers hear their own channels
// with a token that we sign; nobody but this process publishes.
import { createHash } from "node:crypto"
import { type Laba, serve } from "laba"
import { listenAudience } from "../../../kit/laba/listen-token.ts"
import { listenIssuer } from "./listen-token.ts"
import type { LabaPublisher } from "./laba-publisher.ts"
import type { LabaVisitor, VisitorHooks } from "./visitors.ts"

export interface LabaHereOptions {
  readonly host: string
  readonly port: number
  /** `memory`, or `sqlite:` and a directory: then results are heard over a restart with the cursors of before. */
  readonly engine: string
  /** Signs buyers' tokens. */
  readonly secret: string
  /** Where the pages come from. */
  readonly origins: readonly string[]
  /** With this key results may be read, to compare them with the books. */
  readonly auditKey: string
  readonly hooks: VisitorHooks
}

/** Results stay readable for a day: the last word of a sale is for who looks in the morning after, too. */
const resultHistory = { count: 20, bytes: "64KB", time: "24h" } as const

export async function labaHere(options: LabaHereOptions): Promise<LabaPublisher> {
  const { host, port, engine, secret, auditKey, origins, hooks } = options
  /** Has the shop make ready what somebody is about to hear. Only who shows a token owns channels that can be made ready. */
  const prepare = async ({ user, channel, channels }: Omit<LabaVisitor, "empty">) => {
    const own = (channel === null ? channels : [channel]).filter(isOwn)
    if (user === undefined || own.length === 0) return undefined
    const empty: string[] = []
    for (const wanted of own) if ((await laba.kept(wanted)) === 0) empty.push(wanted)
    return hooks.onConnect({ user, channel, channels, empty })
  }
  const laba: Laba = await serve({
    listen: { host, port },
    engine,
    tokens: { secret, issuer: listenIssuer, audience: listenAudience, inQuery: true },
    keys: [
      {
        name: "audit",
        sha256: createHash("sha256").update(auditKey).digest("hex"),
        listen: ["/@*/sales/*"],
      },
    ],
    origins,
    channels: {
      "/**": { listen: "nobody", publish: "nobody", manage: "nobody" },
      "/@*/sales/*": { history: resultHistory, listen: "owner", publish: "nobody", manage: "nobody" },
      "/sales/*": { history: { count: 5, time: "1h" }, slow: "latest", listen: "anyone" },
      [`${marker}*`]: { history: { count: 1, time: "24h" }, listen: "anyone" },
    },
    onConnect: prepare,
    onSubscribe: ({ user, channel }) => prepare({ user, channel, channels: [] }),
    onMessage: (message) => hooks.onMessage(message),
    onOccupied(channel) {
      if (isOwn(channel)) hooks.onOccupied(channel)
    },
    onVacated(channel) {
      if (isOwn(channel)) hooks.onVacated(channel)
    },
  })
  return {
    url: laba.url,
    publish: async (channel, json) => void (await laba.publish(channel, json, { type: "application/json" })),
    holds: (channel) => holdsAt(laba.url, channel),
    close: () => laba.close(),
  }
}

/** Whether a channel is some user's own. */
const isOwn = (channel: string): boolean => channel.startsWith("/@")

/** Whether Laba at a URL has a message in a channel. */
export async function holdsAt(
  url: string,
  channel: string,
  headers: Record<string, string> = {},
): Promise<boolean> {
  const answer = await fetch(url + channel, { headers, signal: AbortSignal.timeout(5000) })
  await answer.body?.cancel()
  if (!answer.ok) throw new Error(`Laba answered ${answer.status}.`)
  return answer.status !== 204
}

/** Channels that tell whether Laba has lost its memory. */
export const marker = "/sales-marker/"
