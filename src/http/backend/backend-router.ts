// From a path to the route: the way of every backend request, from who calls to the answer.
import { LabaError } from "../../../wire/error.ts"
import type { ApiRequest } from "../api-request.ts"
import type { Endpoint, Methods } from "../endpoint.ts"
import type { Authenticate, BackendContext, Route } from "./backend.ts"
import { readQuery } from "./requests/query.ts"
import { routes } from "./routes.ts"

/** Everything under it is the backend API. */
export const backendPrefix = "/_/api/"

/** Answers the methods of a path, or null when no route is there. */
export function makeBackend(
  context: BackendContext,
  authenticate: Authenticate,
): (path: string) => Methods | null {
  const patterns = routes.map((route) => ({ route, parts: route.path.split("/") }))
  return (path) => {
    const parts = path.split("/")
    const methods: Record<string, Endpoint> = {}
    for (const pattern of patterns) {
      const values = match(pattern.parts, parts)
      if (!values) continue
      // A literal path is listed in front of what would take its last part for a name, and wins.
      methods[pattern.route.method] ??= (_context, request) => carryOut(pattern.route, request, values)
    }
    return Object.keys(methods).length > 0 ? methods : null
  }

  async function carryOut(
    route: Route,
    request: ApiRequest,
    values: Readonly<Record<string, string>>,
  ): Promise<Response> {
    // First of all: who may not call learns nothing, not even what is wrong with the request.
    const caller = await authenticate(request)
    const query = readQuery(request.search, route.query ?? {}, context.limits)
    const path = Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, unescape(name, value)]),
    )
    const response = await route.handle(context, { request, caller, path, query })
    response.headers.set("Cache-Control", "no-store")
    response.headers.set("X-Content-Type-Options", "nosniff")
    return response
  }
}

/** What stands for the `{names}`, still escaped; null when the path is another. */
function match(pattern: readonly string[], parts: readonly string[]): Record<string, string> | null {
  if (pattern.length !== parts.length) return null
  const values: Record<string, string> = {}
  for (const [index, expected] of pattern.entries()) {
    const part = parts[index] as string
    if (expected.startsWith("{")) {
      if (part === "") return null
      values[expected.slice(1, -1)] = part
    } else if (part !== expected) return null
  }
  return values
}

function unescape(name: string, value: string): string {
  try {
    return decodeURIComponent(value)
  } catch (cause) {
    throw new LabaError(
      "bad_request",
      `\`${name}\` in the path is not UTF-8 in escapes of two hexadecimal digits.`,
      {
        cause,
      },
    )
  }
}
