// A server as it stands behind the proxies of deploy/, and what must not be reached through them, however it is spelled.
import { makeKey } from "../../src/access/credentials/keys.ts"
import type { Hooks } from "../../src/hooks/hooks.ts"
import { type Laba, serve } from "../../src/server/index.ts"
import { askTarget } from "../access/raw-targets.ts"

/** A key that may everything: nothing but the proxy closes what is closed. */
export const key = makeKey("shop")

export const serveBehindProxy = (hooks: Hooks = {}): Promise<Laba> =>
  serve({
    ...hooks,
    listen: { port: 0 },
    limits: { drainSeconds: 0 },
    keys: [{ name: "shop", sha256: key.sha256, publish: ["/**"], listen: ["/**"], manage: ["/**"] }],
    channels: { "/**": { listen: "anyone" } },
    proxies: ["127.0.0.1"],
  })

/** Spellings of what is for backends and monitoring, and of what a URL parser would make into it. */
export const closedTargets: readonly string[] = [
  "/_/metrics",
  "/_/metrics?x",
  "/_/api/connections",
  "/_/api/openapi.json",
  "/_\\metrics",
  "/_\\api\\connections",
  "/_/api\\connections",
  "\\_\\metrics",
  "/x\\..\\_\\metrics",
  "/x/..\\_/metrics",
  "/x/../_/metrics",
  "/x/%2e%2e/_/metrics",
  "/x/.%2E/_/api/connections",
  "/./_/metrics",
  "/%2e/_/metrics",
  "//_/metrics",
  "/_//metrics",
  "/_/./metrics",
  "/%5f/metrics",
  "/%5F/api/connections",
  "/_%2fmetrics",
  "/_%5cmetrics",
  "/_/%61pi/connections",
  "/_/api%2fconnections",
  "/_/api%5cconnections",
  "/_/metrics#x",
  "/_/metrics%23x",
  "/_/metrics/",
  "/_/metrics%20",
  "/_/METRICS",
  "/_/Api/connections",
  "/a;/../_/metrics",
  "http://127.0.0.1/_/metrics",
  "http://127.0.0.1/_\\metrics",
]

/** Those that were let through, each with its status. */
export async function reached(base: string, targets: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const target of targets) {
    const { status, body } = await askTarget(base, target, [`Authorization: Bearer ${key.text}`])
    const isRefusal = status === 400 || status === 404 || (status === 200 && body === "")
    if (!isRefusal) found.push(`${target} ${status} ${body.slice(0, 40)}`)
  }
  return found
}
