// The path in a request's URL.

/** By hand: `new URL` costs as much as all the rest of finding an endpoint. */
export function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3)
  const end = url.indexOf("?", start)
  return start < 0 ? "/" : url.slice(start, end < 0 ? undefined : end)
}
