// Whether a request came with the path that its URL shows. Bun hands over what a URL parser made of the path: a backslash is a
// slash, `..` takes a part away, bytes that are not UTF-8 are U+FFFD. A proxy in front judged what came. Only Bun's routes see
// that, a part of the path as a parameter, so there is one for each depth.

/** Parts of the deepest path that Bun's router tells from deeper ones. What is deeper is refused as not seen. */
const partsMax = 99

const names = Array.from({ length: partsMax }, (_, index) => `p${index}`)

/** What a route shows of a request. */
interface RoutedRequest extends Request {
  /** The parts of the path as they came, their escapes undone. */
  readonly params: Readonly<Record<string, string>>
}

/** A route for each depth. `handle` is told whether the path is another than what came. */
export function rawTargetRoutes<Server, Answer>(
  handle: (request: Request, server: Server, isRewritten: boolean) => Answer,
): Record<string, (request: RoutedRequest, server: Server) => Answer> {
  const routes: Record<string, (request: RoutedRequest, server: Server) => Answer> = {}
  let path = ""
  for (let count = 1; count <= partsMax; count++) {
    path += `/:${names[count - 1]}`
    routes[path] = (request, server) =>
      handle(request, server, isRewritten(request.url, request.params, count))
  }
  return routes
}

/** Whether a path that no route has is another than what came: one with an empty part is none's, as it came. */
export function isRewrittenUnrouted(url: string): boolean {
  const start = pathStart(url)
  if (start < 0) return false
  const mark = url.indexOf("?", start)
  const path = mark < 0 ? url.slice(start) : url.slice(start, mark)
  return path !== "/" && !path.endsWith("/") && !path.includes("//")
}

function isRewritten(url: string, params: RoutedRequest["params"], count: number): boolean {
  let at = pathStart(url) + 1
  // A Host that is no host: there is no URL, and what there is instead is refused anyway.
  if (at === 0) return false
  const mark = url.indexOf("?", at)
  const end = mark < 0 ? url.length : mark
  for (let index = 0; index < count; index++) {
    const slash = index === count - 1 ? end : url.indexOf("/", at)
    if (slash < 0 || slash > end) return true
    const part = url.slice(at, slash)
    if (part !== params[names[index] as string] && !isSpelling(part, params[names[index] as string] ?? ""))
      return true
    at = slash + 1
  }
  return false
}

/** Whether a part of a URL is what came, but for its escapes. */
function isSpelling(part: string, came: string): boolean {
  try {
    // U+FFFD may have been any bytes.
    return decodeURIComponent(part) === came && !came.includes("\ufffd")
  } catch {
    // Broken escapes are refused wherever they stand.
    return true
  }
}

/** Where the path begins; -1 when the URL is a path alone. */
function pathStart(url: string): number {
  const scheme = url.indexOf("://")
  return scheme < 0 ? -1 : url.indexOf("/", scheme + 3)
}
