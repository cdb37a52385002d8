// Laba in another process, reached by its URL.
import { holdsAt } from "./laba-here.ts"
import type { LabaPublisher } from "./laba-publisher.ts"

interface LabaElsewhereOptions {
  readonly url: string
  /** A key that may publish, where Laba asks for one. */
  readonly key?: string | undefined
}

/** A publish that takes longer has failed, and is tried again. */
const publishMsMax = 5000

export function labaElsewhere({ url, key }: LabaElsewhereOptions): LabaPublisher {
  const base = url.replace(/\/+$/, "")
  const authorization: Record<string, string> = key === undefined ? {} : { Authorization: `Bearer ${key}` }
  return {
    url: base,
    async publish(channel, json) {
      const answer = await fetch(base + channel, {
        method: "POST",
        headers: { ...authorization, "Content-Type": "application/json" },
        body: json,
        signal: AbortSignal.timeout(publishMsMax),
      })
      if (!answer.ok)
        throw new Error(`Laba answered ${answer.status}: ${(await answer.text()).slice(0, 200)}`)
      await answer.body?.cancel()
    },
    holds: (channel) => holdsAt(base, channel, authorization),
    close: async () => {},
  }
}
