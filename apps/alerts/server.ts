// The server of the pages and of what they press.
import { askedUrl } from "../house/asked-url.ts"
import { isLoopbackHost } from "../house/loopback-host.ts"
import type { Desk } from "./http/desk.ts"
import { problem } from "./http/answers.ts"
import { pageAt } from "./http/pages.ts"
import { api } from "./http/routes.ts"

interface ServerOptions {
  readonly desk: Desk
  readonly host: string
  readonly port: number
  readonly log: (line: string) => void
}

/** An order is a few hundred bytes. */
const bodyBytesMax = 16 * 1024

export function startServer({ desk, host, port, log }: ServerOptions): {
  readonly url: string
  close(): Promise<void>
} {
  const server = Bun.serve({
    development: false,
    reusePort: false,
    hostname: host,
    port,
    maxRequestBodySize: bodyBytesMax,
    async fetch(request) {
      const asked = askedUrl(request)
      if (asked === null) return problem(400, "bad_request", "This asks for no address.")
      const { hostname, pathname } = asked
      // A name that points here could be anybody's, and a page under it would count as ours.
      if (isLoopbackHost(host) && !isLoopbackHost(hostname))
        return problem(403, "other_host", "This is for this machine, under a name of its own.")
      try {
        const answered = api(desk, request, pathname) ?? pageAt(request, pathname, desk.labaPort)
        return (await answered) ?? problem(404, "not_found", "There is nothing here.")
      } catch (error) {
        log(
          `alerts: ${request.method} ${pathname} failed: ${error instanceof Error ? error.stack : String(error)}`,
        )
        return problem(500, "internal", "This failed here; the log says more.")
      }
    },
  })
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${server.port}`,
    close: () => server.stop(true),
  }
}
