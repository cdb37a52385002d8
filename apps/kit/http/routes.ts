// From a method and a path to the route that has them.
import { Problem } from "./problem.ts"

interface Routed {
  readonly method: string
  /** Names in braces stand for one part. */
  readonly path: string
}

interface FoundRoute<Route> {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

/** Null when nothing is at the path. Throws a `Problem` when what is there is not for this method. */
export function matchRoute<Route extends Routed>(
  routes: readonly Route[],
  method: string,
  path: string,
): FoundRoute<Route> | null {
  const allowed: string[] = []
  for (const route of routes) {
    const params = match(route.path, path)
    if (params === null) continue
    if (route.method === (method === "HEAD" ? "GET" : method)) return { route, params }
    allowed.push(route.method)
  }
  if (allowed.length === 0) return null
  throw wrongMethod(allowed)
}

/** For a method that an address does not take. Who may GET may also ask for the head alone. */
export function wrongMethod(allowed: readonly string[]): Problem {
  const allow = allowed.flatMap((each) => (each === "GET" ? ["GET", "HEAD"] : [each])).join(", ")
  return new Problem(405, "method_not_allowed", `This takes ${allow}.`, { Allow: allow })
}

function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/")
  const given = path.split("/")
  if (wanted.length !== given.length) return null
  const params: Record<string, string> = {}
  for (const [at, part] of wanted.entries()) {
    if (part.startsWith("{")) params[part.slice(1, -1)] = given[at] ?? ""
    else if (part !== given[at]) return null
  }
  return params
}
