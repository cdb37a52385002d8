// The Laba of this demo: its channels, the key to publish with, and the watch over the log server's heart.
import { createHash, randomBytes } from "node:crypto"
import { join } from "node:path"
import { type Laba, serve } from "laba"
import { listenAudience, signListenToken } from "../../kit/laba/listen-token.ts"
import { alarms, heartbeatOf, payments } from "./names.ts"

interface OwnLabaOptions {
  /** Where it keeps what was published. */
  readonly data: string
  readonly host: string
  readonly port: number
  readonly heart: { readonly host: string; readonly everySeconds: number; readonly silentSeconds: number }
  /** Where the alarm goes beside its channel. */
  readonly mail: { readonly smtp: string; readonly from: string; readonly to: string }
}

export interface OwnLaba {
  readonly laba: Laba
  /** Publishes to every channel. Nobody without it publishes anywhere. */
  readonly key: string
  /** A token to listen with, for an hour. Nobody without one hears anything. */
  listenToken(): string
}

const issuer = "alerts"

export async function startOwnLaba({ data, host, port, heart, mail }: OwnLabaOptions): Promise<OwnLaba> {
  const key = `laba_alerts_${randomBytes(32).toString("base64url")}`
  const sha256 = createHash("sha256").update(key).digest("hex")
  const secret = randomBytes(32).toString("base64url")
  const listenToken = (): string => signListenToken({ issuer, secret, nowMs: Date.now() })
  const laba = await serve({
    listen: { host, port },
    engine: `sqlite:${join(data, "laba")}`,
    keys: [{ name: "alerts", sha256, publish: ["/**"], listen: ["/**"] }],
    tokens: { secret, issuer, audience: listenAudience },
    // Whoever sees the pages may look on. In earnest, payments are for those whose token says so.
    channels: {
      "/**": { listen: "token", publish: "key", history: { count: 200, bytes: "512KB", time: "24h" } },
      // A subscriber that was away for a month is told what it missed.
      [payments]: {
        listen: "token",
        publish: "key",
        history: { count: 10_000, bytes: "16MB", time: "30d" },
      },
      // Who looks at hearts sees them beat; what is kept is where the watch goes on.
      "/hosts/*/heartbeat": { listen: "token", publish: "key", history: { count: 1, time: "24h" } },
      "/subscribers": { listen: "token", publish: "key", history: { count: 1, time: "24h" } },
    },
    // Our pages come under whatever name this machine has. Another page has no token, and no cookie counts here.
    origins: ["*"],
    limits: { drainSeconds: 0 },
    watch: [
      {
        channel: heartbeatOf(heart.host),
        every: heart.everySeconds,
        silent: heart.silentSeconds,
        tell: [{ channel: alarms }, { mail }],
      },
    ],
    // Alarms are what this demo is for; its log need not repeat them.
    log: { level: "error" },
  })
  return { laba, key, listenToken }
}
