// Channels whose hook lets nobody in: no road may tell what is in them, nor who is.
import type { Attack } from "../attack.ts"

export const refusingHook: Attack = {
  name: "asks what a hook refuses to show, by every road that reads",
  async run(server) {
    await server.withKey("/hooked/secret", { method: "POST", body: "secret" })
    server.backend.isRefusing = true
    const roads: readonly (readonly [name: string, target: string, init?: RequestInit])[] = [
      ["HEAD", "/hooked/secret", { method: "HEAD" }],
      ["the newest", "/hooked/secret"],
      ["a poll", "/hooked/secret?after=e-0"],
      ["a long-poll", "/hooked/secret?wait=1"],
      ["a stream", "/hooked/secret", { headers: { Accept: "text/event-stream" } }],
      ["a poll of many", "/_/poll?channel=/hooked/secret"],
      ["a stream of many", "/_/events?channel=/hooked/secret", { headers: { Accept: "text/event-stream" } }],
    ]
    const findings: string[] = []
    for (const [name, target, init] of roads) {
      const abort = new AbortController()
      const response = await server.asAttacker(target, { ...init, signal: abort.signal })
      if (response.ok) findings.push(`${name} was answered ${response.status}`)
      abort.abort()
    }
    return findings
  },
}
