// Whether a request comes from a page of ours. A cookie counts for those alone: browsers send it along from pages of other
// ports of the same host, too, whatever its SameSite says.

/** True for what a page of another origin has sent; what is no browser's says nothing of the kind. */
export function isFromOtherOrigin({ headers }: Request): boolean {
  const site = headers.get("sec-fetch-site")
  if (site !== null) return site !== "same-origin" && site !== "none"
  // Browsers that do not say so send at least where they come from.
  const origin = headers.get("origin")
  return origin !== null && URL.parse(origin)?.host !== headers.get("host")
}
