// From a request to its endpoint. What an endpoint throws is an answer too.
import { answer, problem, Problem } from "./answers.ts"
import { openApi } from "./openapi.ts"
import { pathOf } from "./path.ts"
import { type Route, routes } from "./routes.ts"
import type { Shop } from "./shop.ts"

interface Matcher {
  readonly route: Route
  readonly parts: readonly string[]
}

/** Routes by method and number of parts: what is left to compare is one or two. */
const matchers = new Map<string, Matcher[]>()
for (const route of routes) {
  const parts = route.path.slice(1).split("/")
  const name = `${route.method} ${parts.length}`
  matchers.set(name, [...(matchers.get(name) ?? []), { route, parts }])
}

interface Found {
  readonly route: Route
  readonly names: Readonly<Record<string, string>>
}

/** Paths that were found before, by method. The whole crowd asks for the same few. */
const known = new Map<string, Map<string, Found>>()

/** Paths that are remembered of one method. More is somebody who tries names out. */
const knownMax = 256

function find(method: string, path: string): Found | null {
  const paths = known.get(method)
  const before = paths?.get(path)
  if (before) return before
  const parts = path.slice(1).split("/")
  for (const matcher of matchers.get(`${method} ${parts.length}`) ?? []) {
    const names = match(matcher.parts, parts)
    if (names === null) continue
    const found = { route: matcher.route, names }
    if (!paths) known.set(method, new Map([[path, found]]))
    else if (paths.size < knownMax) paths.set(path, found)
    return found
  }
  return null
}

export interface RouterOptions {
  readonly shop: Shop
  /** The pages for people; null for a path that is none. */
  readonly pages: (request: Request, path: string) => Response | Promise<Response> | null
  readonly metrics: () => string
  readonly log: (line: string) => void
}

export function router({
  shop,
  pages,
  metrics,
  log,
}: RouterOptions): (request: Request) => Response | Promise<Response> {
  const failed = (error: unknown, request: Request): Response => {
    if (error instanceof Problem) return problem(error.status, error.code, error.message)
    log(`flash sale: ${request.method} ${request.url.slice(0, 200)} failed: ${describe(error)}`)
    return problem(500, "internal", "The shop failed; its log says more.", {
      headers: { "Retry-After": "1" },
    })
  }
  return (request) => {
    try {
      const path = pathOf(request.url)
      if (request.method === "GET" && path === "/metrics")
        return new Response(metrics(), { headers: { "Content-Type": "text/plain; version=0.0.4" } })
      if (request.method === "GET" && path === "/api/openapi.json") return answer(openApi())
      const found = find(request.method, path)
      if (found) {
        const answered = found.route.endpoint(shop, { request, names: found.names })
        return answered instanceof Promise
          ? answered.catch((error: unknown) => failed(error, request))
          : answered
      }
      const page = request.method === "GET" ? pages(request, path) : null
      if (page instanceof Promise) return page.catch((error: unknown) => failed(error, request))
      return page ?? problem(404, "not_found", "There is nothing here.")
    } catch (error) {
      return failed(error, request)
    }
  }
}

function match(pattern: readonly string[], parts: readonly string[]): Record<string, string> | null {
  const names: Record<string, string> = {}
  for (const [at, part] of pattern.entries()) {
    const given = parts[at] ?? ""
    if (part.startsWith("{")) names[part.slice(1, -1)] = given
    else if (part !== given) return null
  }
  return names
}

const describe = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)
