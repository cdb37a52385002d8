// How Laba is set up for the desk: what is whose, who is asked, and where from. The same could stand in a laba.yaml.
import { createHash } from "node:crypto"
import type { ConfigInput } from "laba"
import { listenAudience } from "../../kit/laba/listen-token.ts"
import { tokenIssuer } from "../http/identity.ts"
import { labaKeyOf, type Secrets } from "../secrets.ts"
import { firstDeskHook } from "./http-laba-push.ts"

interface LabaSetup {
  readonly host: string
  readonly port: number
  /** `memory`, or `sqlite:` and a directory: then cursors stay good over a restart. */
  readonly engine: string
  readonly secrets: Secrets
  /** The desk, whose functions are called. */
  readonly deskUrl: string
  /** Where the pages come from, beside the desk itself. */
  readonly origins: readonly string[]
}

export function labaConfig({ host, port, engine, secrets, deskUrl, origins }: LabaSetup): ConfigInput {
  const functions = `${deskUrl}/functions`
  const sha256 = createHash("sha256").update(labaKeyOf(secrets)).digest("hex")
  // Where the desk runs on this machine, the guard against calls into private networks has to let it pass.
  const shared = { secret: secrets.hooks, privateAddresses: ["127.0.0.0/8", "::1"] }
  return {
    listen: { host, port },
    engine,
    log: { level: "warn" },
    // Some tens of listeners, not a crowd, come back at once.
    limits: { drainSeconds: 1 },
    keys: [{ name: "desk", sha256, publish: ["/**"], manage: ["/**"] }],
    tokens: { secret: secrets.tokens, issuer: tokenIssuer, audience: listenAudience, inQuery: true },
    // People type either name of this machine.
    origins: origins.includes("*")
      ? ["*"]
      : [...new Set([deskUrl, deskUrl.replace("127.0.0.1", "localhost"), ...origins])],
    channels: {
      "/**": { listen: "nobody", publish: "nobody", manage: "nobody" },
      // A working day: a kitchen that was away for long reads the database, one that blinked goes on from its cursor.
      "/@*/kitchen/*": {
        history: { count: 500, bytes: "1MB", time: "12h" },
        listen: "owner",
        publish: "key",
        manage: "nobody",
      },
      "/@*/bills": {
        history: { count: 100, bytes: "256KB", time: "12h" },
        listen: "owner",
        publish: "key",
        manage: "nobody",
      },
      "/shops": { history: { count: 50, time: "12h" }, slow: "latest", listen: "anyone", publish: "key" },
      // The socket of the first desk. Nothing is published there: each connection is pushed to by itself.
      "/pgws": { history: "none", listen: "token", publish: "nobody", manage: "nobody" },
    },
    hooks: [
      // Of every connection we are told when it has gone. None asks us to come in: the client shows its token after the socket
      // is open, so that who it is would not be known yet. A kitchen is there when it listens to its bills.
      { name: "door", pattern: "/**", unregister: `${functions}/laba/unregister`, ...shared },
      {
        name: "kitchen",
        pattern: "/@*/kitchen/*",
        subscribe: `${functions}/laba/subscribe`,
        transport: `${functions}/laba/transport`,
        ...shared,
      },
      {
        name: firstDeskHook,
        pattern: "/pgws",
        dialect: "tencent",
        register: `${functions}/tencent/register`,
        transport: `${functions}/tencent/transport`,
        unregister: `${functions}/tencent/unregister`,
        ...shared,
      },
    ],
  }
}
