// From a request to its endpoint or page. What an endpoint throws is an answer too.
import { askedUrl } from "../../house/asked-url.ts"
import { answer, Problem, problem } from "./answers.ts"
import type { Desk } from "./desk.ts"
import { isFromOtherOrigin } from "./own-pages.ts"
import { pageAt } from "./pages.ts"
import { type Route, routes } from "./routes.ts"

interface RouterOptions {
  readonly desk: Desk
  readonly log: (line: string) => void
}

type Handle = (request: Request, address: string) => Promise<Response>

export function router({ desk, log }: RouterOptions): Handle {
  const route = async (request: Request, address: string): Promise<Response> => {
    const path = askedUrl(request)?.pathname
    if (path === undefined) throw new Problem(400, "bad_request", "This asks for no address.")
    const page = pageAt(request, path, desk.labaFor(request))
    if (page) return await page
    if (path === "/health") return answer({})
    const found = find(request.method, path)
    if (!found) throw new Problem(404, "not_found", "There is nothing here.")
    if (found.route.guarded && isFromOtherOrigin(request))
      throw new Problem(403, "other_origin", "This is for our own pages.")
    return await found.route.endpoint(desk, { request, names: found.names, address })
  }
  return async (request, address) => {
    try {
      return await route(request, address)
    } catch (error) {
      if (error instanceof Problem) return problem(error)
      log(`takeaway: ${request.method} ${request.url.slice(0, 200)} failed: ${describe(error)}`)
      // 503, not 500: whoever asks again later may well be answered.
      return problem(
        new Problem(503, "failed", "The desk failed; its log says more.", { "Retry-After": "1" }),
      )
    }
  }
}

interface Found {
  readonly route: Route
  readonly names: Record<string, string>
}

function find(method: string, path: string): Found | null {
  for (const route of routes) {
    if (route.method !== method) continue
    const names = match(route.path, path)
    if (names) return { route, names }
  }
  return null
}

function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/")
  const given = path.split("/")
  if (wanted.length !== given.length) return null
  const names: Record<string, string> = {}
  for (const [at, part] of wanted.entries()) {
    if (part.startsWith("{")) names[part.slice(1, -1)] = given[at] ?? ""
    else if (part !== given[at]) return null
  }
  return names
}

const describe = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)
