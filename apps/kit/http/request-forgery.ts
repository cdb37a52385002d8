// Whether a page of another origin has sent a request (cross-site request forgery, CSRF). Browsers send cookies along from pages of other ports of the same
// host too, whatever their SameSite says.

/** False for what no browser has sent. `publicUrl` is where pages come from when a proxy rewrites the Host. */
export function isFromOtherPage({ headers }: Request, publicUrl?: string): boolean {
  const site = headers.get("sec-fetch-site")
  if (site !== null) return site !== "same-origin" && site !== "none"
  // Browsers that do not say so, as to addresses without https, say at least where they come from.
  const origin = headers.get("origin")
  if (origin === null) return false
  const host = URL.parse(origin)?.host
  if (host === undefined) return true
  return host !== headers.get("host") && host !== (publicUrl && new URL(publicUrl).host)
}
