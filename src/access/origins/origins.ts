// Which web pages may use the server, and what browsers are told about it (CORS). Knows headers, not channels.
import { LabaError } from "../../../wire/error.ts"
import { asksForWebSocket } from "./upgrade-offer.ts"
import { isLoopbackHost } from "./loopback-guard.ts"

/** Headers of ours that a page may read. */
const exposedHeaders = "ETag, Laba-Cursor, Laba-History, Laba-History-Length, Laba-Listeners, Retry-After"

/** Headers that a page may send. */
const acceptedHeaders = [
  "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID",
  // What stand-ins for EventSource add of themselves.
  "Cache-Control, Pragma, X-Requested-With",
].join(", ")

/** Seconds for which a browser need not ask again. Two hours is the most that all of them keep. */
const preflightSeconds = 7200

interface OriginsOptions {
  /** Origins whose pages may come, such as `https://shop.example`, or `*` for all. Null when none were configured. */
  readonly allowed: readonly string[] | null
  /** Pages of this machine count as allowed: what a server without keys does for whoever develops on it. */
  readonly loopback: boolean
  /** Browsers send a cookie along that says who somebody is. */
  readonly cookies: boolean
}

export class Origins {
  private readonly options: OriginsOptions
  private readonly allowed: ReadonlySet<string>

  constructor(options: OriginsOptions) {
    this.options = options
    this.allowed = new Set(options.allowed ?? [])
  }

  /** Refuses pages of origins that are not listed, where a list is configured. Throws `foreign_origin`. */
  check(headers: Headers): void {
    if (this.options.allowed === null) return
    const origin = headers.get("origin")
    if (origin === null || this.isAllowed(origin) || isSame(origin, headers)) return
    throw foreign(origin)
  }

  /**
   * Whether a cookie in this request may say who somebody is: only when the page that caused it is ours or listed. A
   * browser sends cookies along whoever made it ask, and no same-origin policy holds for WebSockets. Throws
   * `foreign_origin`.
   */
  checkCookie(headers: Headers, method: string): void {
    const origin = headers.get("origin")
    if (origin !== null) {
      // Not by `*`: that would let every page act as whoever looks at it.
      if (this.allowed.has(origin) || isSame(origin, headers)) return
      throw foreign(origin)
    }
    // Same-origin reads have no Origin. What browsers send instead cannot be forged by a page.
    const site = headers.get("sec-fetch-site")
    if (site === "same-origin" || site === "none") return
    const onlyReads = (method === "GET" || method === "HEAD") && !asksForWebSocket(headers)
    if (site === null && onlyReads) return
    throw new LabaError(
      "foreign_origin",
      "A cookie counts only with an Origin that is this server's or listed.",
    )
  }

  /**
   * Refuses what a page of another site or host caused by an image, a script, a frame or a link: these have no Origin, and
   * cookies come with them. Throws `foreign_origin`.
   */
  checkEmbedding(headers: Headers): void {
    if (headers.has("origin")) return
    const site = headers.get("sec-fetch-site")
    if (site !== "cross-site" && site !== "same-site") return
    throw new LabaError(
      "foreign_origin",
      "This is for scripts of pages; another site's page embeds it or leads to it.",
    )
  }

  /**
   * Refuses what a page of another site or host caused that is of no allowed origin, also where no list is configured: for what must not even
   * begin there. Of a script or a frame `Referer` tells the origin; a page can leave that out, and cannot make it up. Browsers that do not tell
   * what caused a request are let through. Throws `foreign_origin`.
   */
  checkCause(headers: Headers): void {
    const site = headers.get("sec-fetch-site")
    if (site !== "cross-site" && site !== "same-site") return
    const origin = headers.get("origin") ?? refererOrigin(headers)
    if (!this.isAllowed(origin)) throw foreign(origin)
  }

  /** Whose pages may show one of ours in a frame: the sources of `frame-ancestors` (Content Security Policy 3, 6.4.2). */
  get frameAncestors(): string {
    const { loopback } = this.options
    const ofThisMachine = ["localhost", "127.0.0.1", "[::1]"].map((host) => `http://${host}:*`)
    return ["'self'", ...this.allowed, ...(loopback ? ofThisMachine : [])].join(" ")
  }

  /** Adds what lets a page of an allowed origin read the answer. */
  addTo(response: Response, request: Headers): void {
    const origin = request.get("origin")
    if (origin === null || !this.isAllowed(origin)) return
    const { headers } = response
    headers.set("Access-Control-Allow-Origin", origin)
    headers.set("Access-Control-Expose-Headers", exposedHeaders)
    if (this.mayCarryCookies(origin)) headers.set("Access-Control-Allow-Credentials", "true")
  }

  /** The answer to a preflight (Fetch, 3.2.2), or null when this is none. */
  preflight(request: Headers, methods: string): Response | null {
    const origin = request.get("origin")
    if (origin === null || !request.has("access-control-request-method") || !this.isAllowed(origin))
      return null
    const response = new Response(null, {
      status: 204,
      headers: {
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": acceptedHeaders,
        "Access-Control-Max-Age": String(preflightSeconds),
      },
    })
    this.addTo(response, request)
    return response
  }

  private isAllowed(origin: string): boolean {
    if (this.allowed.has(origin) || this.allowed.has("*")) return true
    return this.options.loopback && isLoopbackHost(origin.replace(/^https?:\/\//i, ""))
  }

  private mayCarryCookies(origin: string): boolean {
    return this.options.cookies && this.allowed.has(origin)
  }
}

function refererOrigin(headers: Headers): string {
  const referer = headers.get("referer") ?? ""
  return URL.canParse(referer) ? new URL(referer).origin : "null"
}

/** A page of this very server. The scheme is not compared: a proxy in front may end TLS. */
function isSame(origin: string, headers: Headers): boolean {
  const host = headers.get("host")
  return host !== null && origin.replace(/^https?:\/\//i, "").toLowerCase() === host.toLowerCase()
}

const foreign = (origin: string): LabaError =>
  new LabaError(
    "foreign_origin",
    `Pages of ${JSON.stringify(origin.slice(0, 100))} may not use this server: its configuration lists those that may in \`origins\`, as a browser writes them.`,
  )
