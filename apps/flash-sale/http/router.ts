// From a request to its endpoint. What an endpoint throws is an answer too.
import { matchRoute, wrongMethod } from "../../kit/http/routes.ts"
import { isOfTheDisk } from "../ledger/trouble.ts"
import { answer, problem, Problem } from "./answers.ts"
import { openApi } from "./openapi.ts"
import type { Pages } from "./pages.ts"
import { pathOf } from "./path.ts"
import { type Route, routes } from "./routes.ts"
import type { Ask, Endpoint, Shop } from "./shop.ts"
import { buyerOf, requireOperator } from "./visitors.ts"

interface RouterOptions {
  readonly shop: Shop
  /** The pages for people. */
  readonly pages: Pages
  readonly metrics: () => Promise<string>
  readonly log: (line: string) => void
}

type Answering = (request: Request) => Response | Promise<Response>

export function router({ shop, pages, metrics, log }: RouterOptions): Answering {
  const own: Readonly<Record<string, Answering>> = {
    "/metrics": async () =>
      new Response(await metrics(), {
        headers: { "Content-Type": "text/plain; version=0.0.4; charset=utf-8" },
      }),
    "/api/openapi.json": () => answer(openApi()),
  }
  const failed = (error: unknown, { method, url }: Request): Response => {
    if (error instanceof Problem)
      return problem(error.status, error.code, error.message, { headers: error.headers })
    log(`flash sale: ${method} ${url.slice(0, 200)} failed: ${describe(error)}`)
    return isOfTheDisk(error)
      ? notSaved()
      : problem(500, "internal", "The shop failed; its log says more.", soon)
  }
  const route = (request: Request): Response | Promise<Response> => {
    const path = pathOf(request.url)
    const shown = own[path] ?? pages(path)
    if (shown) {
      if (request.method === "GET" || request.method === "HEAD") return shown(request)
      throw wrongMethod(["GET"])
    }
    const found = matchRoute(routes, request.method, path)
    if (!found?.route.endpoint) throw new Problem(404, "not_found", "There is nothing here.")
    return guarded(shop, request, { ...found, endpoint: found.route.endpoint })
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

interface Found {
  readonly route: Route
  readonly params: Ask["names"]
  readonly endpoint: Endpoint
}

/** Lets in whom a route is for. Throws a problem, or rejects with it, for anybody else. */
function guarded(
  shop: Shop,
  request: Request,
  { route: { who, orNull }, params: names, endpoint }: Found,
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

const soon = { headers: { "Retry-After": "1" } }

/** A transaction that failed has changed nothing, so the same request may come again. */
const notSaved = (): Response =>
  problem(503, "not_saved", "It could not be written down, and nothing has changed; try again.", soon)

const describe = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)
