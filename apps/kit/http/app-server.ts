// The server of a demo: the guard in front, then pages and endpoints. What is thrown is an answer too.
import { isRewrittenUnrouted, rawTargetRoutes } from "laba"
import type { AppRequest, Route } from "./app-request.ts"
import { Guard, type GuardOptions } from "./guard.ts"
import { Problem, problemResponse } from "./problem.ts"
import { urlOnThisMachine } from "./reachable-url.ts"
import { matchRoute } from "./routes.ts"
import { startingPage } from "./starting-page.ts"

interface AppServerOptions<Context> extends GuardOptions {
  /** For the log. */
  readonly name: string
  readonly port: number
  /** Longer bodies are turned away unread. */
  readonly bodyBytesMax: number
  readonly routes: readonly Route<Context>[]
  /** The page or file at a path; null when there is none. */
  readonly pageAt: (path: string, context: Context) => ((request: AppRequest) => Promise<Response>) | null
  /** What endpoints and pages work with; null while it is not there yet. */
  readonly context: () => Context | null
  readonly log: (line: string) => void
}

interface AppServer {
  /** Where it is found on this machine. */
  readonly url: string
  /** Resolves once what was asked is answered; with `isHurried` nobody waits for that. */
  stop(isHurried?: boolean): Promise<void>
}

export function startAppServer<Context>(options: AppServerOptions<Context>): AppServer {
  const { name, host, port, bodyBytesMax, routes, pageAt, context, log } = options
  const guard = new Guard(options)

  const route = async (request: Request, peer: string, isRewritten: boolean): Promise<Response> => {
    const admitted = guard.admit(request, peer, isRewritten)
    const known = context()
    if (known === null) {
      const page = startingPage(request)
      if (page) return page
      throw new Problem(503, "starting", "This is starting.", { "Retry-After": "1" })
    }
    const found = matchRoute(routes, request.method, admitted.url.pathname)
    if (found?.route.callers !== "service") guard.limitRate(admitted, peer)
    const page =
      request.method === "GET" || request.method === "HEAD" ? pageAt(admitted.url.pathname, known) : null
    if (page) return page(admitted)
    if (!found) throw new Problem(404, "not_found", "There is nothing here.")
    if (request.method === "POST" && found.route.callers === undefined) guard.refuseForgery(admitted)
    return found.route.endpoint(known, { ...admitted, params: found.params })
  }
  const handle = async (request: Request, peer: string, isRewritten: boolean): Promise<Response> => {
    try {
      return await route(request, peer, isRewritten)
    } catch (error) {
      if (error instanceof Problem) return problemResponse(error)
      const why = error instanceof Error ? (error.stack ?? error.message) : String(error)
      log(`${name}: ${request.method} ${request.url.slice(0, 200)} failed: ${why}`)
      // 503, not 500: whoever asks again later may well be answered.
      return problemResponse(
        new Problem(503, "failed", "This failed here; the log says more.", { "Retry-After": "1" }),
      )
    }
  }
  const peerOf = (bun: Bun.Server<undefined>, request: Request): string =>
    bun.requestIP(request)?.address ?? ""
  const server = Bun.serve({
    development: false,
    reusePort: false,
    hostname: host,
    port,
    maxRequestBodySize: bodyBytesMax,
    routes: rawTargetRoutes((request, bun: Bun.Server<undefined>, isRewritten) =>
      handle(request, peerOf(bun, request), isRewritten),
    ) as Bun.Serve.Routes<undefined, string>,
    fetch: (request, bun) => handle(request, peerOf(bun, request), isRewrittenUnrouted(request.url)),
  })
  return {
    url: urlOnThisMachine(host, server.port as number),
    stop: (isHurried) => server.stop(isHurried),
  }
}
