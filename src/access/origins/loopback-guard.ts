// Without keys only this machine may use the server: no web page of another origin, no name that points here, no local
// proxy opens it by accident. Knows headers, not channels.
import { LabaError } from "../../../wire/error.ts"

/**
 * A proxy, a tunnel or a network in front of servers adds one of these, or one that begins with `x-forwarded`: on this machine it
 * would let the whole network in.
 */
const forwardingHeaders: ReadonlySet<string> = new Set([
  "forwarded",
  "forwarded-for",
  "via",
  "x-real-ip",
  "x-client-ip",
  "client-ip",
  "x-cluster-client-ip",
  "x-original-forwarded-for",
  "x-original-host",
  "x-proxyuser-ip",
  "true-client-ip",
  "cf-connecting-ip",
  "cf-connecting-ipv6",
  "cf-pseudo-ipv4",
  "cf-ray",
  "cdn-loop",
  "fastly-client-ip",
  "fly-client-ip",
  "do-connecting-ip",
  "x-envoy-external-address",
  "x-azure-clientip",
  "x-azure-fdid",
  "x-appengine-user-ip",
  "x-amzn-trace-id",
  "x-cloud-trace-context",
  "x-vercel-forwarded-for",
  "x-nf-client-connection-ip",
  "ali-cdn-real-ip",
  "x-nginx-proxy",
])

const loopbackHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i

/** Whether a host, with or without a port, is this machine. */
export const isLoopbackHost = (host: string): boolean => loopbackHost.test(host)

/** Addresses to listen at that only this machine reaches. */
export const isLoopbackAddress = (address: string): boolean =>
  /^(?:localhost|127(?:\.\d{1,3}){3}|::1|0:0:0:0:0:0:0:1|\[::1\])$/i.test(address)

/** Throws `foreign_origin` unless the request comes from a program or a page on this machine. */
export function guardLoopback({ headers, method }: Pick<Request, "headers" | "method">): void {
  const host = headers.get("host")
  if (host !== null && !loopbackHost.test(host)) {
    throw refuse(
      `The Host is ${printable(host)}, not this machine. A name that points here could belong to anybody.`,
    )
  }
  const origin = headers.get("origin")
  // `null` is what a sandboxed page or a file sends: anybody's page.
  if (origin !== null && !loopbackHost.test(origin.replace(/^https?:\/\//i, ""))) {
    throw refuse(`The page comes from ${printable(origin)}, not from this machine.`)
  }
  if (origin === null && headers.get("sec-fetch-site") === "cross-site" && !isVisit(headers, method))
    throw refuse("The browser says that another site's page has caused this.")
  const name = forwardingHeaderOf(headers)
  if (name !== null) throw refuse(`The header ${name} says that a proxy passed this on.`)
}

/** The name of a header by which a proxy says that it has passed a request on; null where none does. */
export function forwardingHeaderOf(headers: Headers): string | null {
  for (const name of headers.keys())
    if (forwardingHeaders.has(name) || name.startsWith("x-forwarded")) return name
  return null
}

/** Somebody follows a link from another site to a page here: what they see, that site does not. */
const isVisit = (headers: Headers, method: string): boolean =>
  (method === "GET" || method === "HEAD") &&
  headers.get("sec-fetch-mode") === "navigate" &&
  headers.get("sec-fetch-dest") === "document"

const refuse = (what: string): LabaError =>
  new LabaError(
    "foreign_origin",
    `${what} To be reached from elsewhere, a server has \`keys\` or \`tokens\` that say who may come in, and \`origins\` with its pages; --open lets in everybody.`,
  )

const printable = (text: string): string => JSON.stringify(text.slice(0, 100))
