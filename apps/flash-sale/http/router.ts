// From a request to its endpoint. What an endpoint throws is an answer too.
import { SQLiteError } from "bun:sqlite"
import { answer, problem, Problem } from "./answers.ts"
import { openApi } from "./openapi.ts"
import type { Pages } from "./pages.ts"
import { pathOf } from "./path.ts"
import { type Route, routes } from "./routes.ts"
import type { Endpoint, Shop } from "./shop.ts"
import { buyerOf, requireOperator } from "./visitors.ts"

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

interface RouterOptions {
  readonly shop: Shop
  /** The pages for people. */
  readonly pages: Pages
  readonly metrics: () => string
  readonly log: (line: string) => void
}

type Answering = (request: Request) => Response | Promise<Response>

export function router({ shop, pages, metrics, log }: RouterOptions): Answering {
  const own: Readonly<Record<string, Answering>> = {
    "/metrics": () => new Response(metrics(), { headers: { "Content-Type": "text/plain; version=0.0.4" } }),
    "/api/openapi.json": () => answer(openApi()),
  }
  const failed = (error: unknown, { method, url }: Request): Response => {
    if (error instanceof Problem) return problem(error.status, error.code, error.message)
    log(`flash sale: ${method} ${url.slice(0, 200)} failed: ${describe(error)}`)
    return isUnwritten(error)
      ? notSaved()
      : problem(500, "internal", "The shop failed; its log says more.", soon)
  }
  const route = (request: Request): Response | Promise<Response> => {
    const path = pathOf(request.url)
    // Without its body, which the server leaves out.
    const method = request.method === "HEAD" ? "GET" : request.method
    const found = find(method, path)
    if (found?.route.endpoint) return guarded(shop, request, { ...found, endpoint: found.route.endpoint })
    const shown = own[path] ?? pages(path)
    if (shown && method === "GET") return shown(request)
    const allowed = shown ? ["GET"] : methods.filter((each) => find(each, path) !== null)
    if (allowed.length === 0) return problem(404, "not_found", "There is nothing here.")
    return wrongMethod(request.method, allowed)
  }
  return (request) => {
    try {
      const answered = route(request)
      return answered instanceof Promise
        ? answered.catch((error: unknown) => failed(error, request))
        : answered
    } catch (error) {
      return failed(error, request)
    }
  }
}

/** Lets in whom a route is for. Throws a problem, or rejects with it, for anybody else. */
function guarded(
  shop: Shop,
  request: Request,
  { route: { who, orNull }, names, endpoint }: Found & { readonly endpoint: Endpoint },
): Response | Promise<Response> {
  const isNone = (error: unknown): boolean =>
    orNull !== undefined &&
    error instanceof Problem &&
    error.code === orNull &&
    request.url.endsWith("?or=null")
  const none = (error: unknown): Response => {
    if (isNone(error)) return answer(null)
    throw error
  }
  try {
    if (who === "operator") requireOperator(shop, request)
    const user = who === "buyer" ? buyerOf(shop, request) : ""
    if (user instanceof Promise)
      return user.then((known) => endpoint(shop, { request, names, user: known })).catch(none)
    return endpoint(shop, { request, names, user })
  } catch (error) {
    return none(error)
  }
}

const methods = [...new Set(routes.map(({ method }) => method))]

/** Tells which methods an address has. Who may GET may also ask for the head alone. */
function wrongMethod(method: string, allowed: readonly string[]): Response {
  const allow = allowed.flatMap((each) => (each === "GET" ? ["GET", "HEAD"] : [each])).join(", ")
  return problem(405, "method_not_allowed", `This address is not for ${method}: it takes ${allow}.`, {
    headers: { Allow: allow },
  })
}

const soon = { headers: { "Retry-After": "1" } }

/** A transaction that failed has changed nothing, so the same request may come again. */
const notSaved = (): Response =>
  problem(503, "not_saved", "It could not be written down, and nothing has changed; try again.", soon)

/** Whether it is the disk that refused: full, failing, or held by somebody else. A broken rule of the tables is a bug of ours. */
const isUnwritten = (error: unknown): boolean =>
  error instanceof SQLiteError &&
  /^SQLITE_(FULL|IOERR|BUSY|LOCKED|READONLY|CANTOPEN|NOMEM)/.test(error.code ?? "")

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
