// What every request has to pass before anything is done for it: the Host header, the rate limit of its sender, and whether a page of
// another origin has sent it.
import {
  addressGroupOf,
  forwardingHeaderOf,
  isLoopbackAddress,
  isLoopbackHost,
  RateLimiter,
  TrustedProxies,
} from "laba"
import type { AppRequest } from "./app-request.ts"
import { cameByHttps } from "./https.ts"
import { isFromOtherPage } from "./request-forgery.ts"
import { ownHosts, type OwnHostsOptions } from "./own-hosts.ts"
import { Problem } from "./problem.ts"

export interface GuardOptions extends OwnHostsOptions {
  /** Proxies whose `X-Forwarded-For` is believed: addresses and networks. Default: with a public URL those of this machine. */
  readonly proxies?: readonly string[] | undefined
}

/** A page and what it loads and asks for are ten requests; an office behind one address has some people who open it at once. */
const requestsPerSecond = 20
const burstSeconds = 15

const ownMachine = ["127.0.0.0/8", "::1"] as const

export class Guard {
  private readonly isOwnHost: (header: string | null) => boolean
  private readonly publicUrl: string | undefined
  private readonly proxies: TrustedProxies
  private readonly limiter = new RateLimiter(requestsPerSecond, burstSeconds)

  constructor(options: GuardOptions) {
    const { publicUrl, proxies = publicUrl === undefined ? [] : ownMachine } = options
    this.isOwnHost = ownHosts(options)
    this.publicUrl = publicUrl
    this.proxies = new TrustedProxies(proxies)
  }

  /** The request as everything behind it sees it. `isRewritten`: a parser has made another target of what came. Throws a `Problem`. */
  admit(request: Request, peer: string, isRewritten: boolean): AppRequest {
    const { headers } = request
    const host = headers.get("host")
    const url = URL.parse(request.url, "http://127.0.0.1")
    if (url === null || isRewritten) throw new Problem(400, "bad_request", "This asks for no address.")
    if (!this.isOwnHost(host) || !this.isOwnHost(url.host))
      throw new Problem(
        403,
        "other_host",
        "This is not one of our names; --public says under which others we are reached.",
      )
    const address = this.proxies.clientOf(peer, headers)
    return {
      request,
      url,
      params: {},
      address,
      isLocal: isLoopbackHost(url.host) && isLoopbackAddress(address) && forwardingHeaderOf(headers) === null,
      isSecure: cameByHttps(headers, this.publicUrl),
      isFromOtherPage: isFromOtherPage(request, this.publicUrl),
    }
  }

  /** Throws a `Problem` for who comes too fast. This machine may. */
  limitRate({ request: { headers } }: AppRequest, peer: string): void {
    const counted = this.proxies.countedAddressOf(peer, headers)
    const waitMs = counted === null ? 0 : this.limiter.take(addressGroupOf(counted), performance.now())
    if (waitMs === 0) return
    const seconds = Math.ceil(waitMs / 1000)
    throw new Problem(429, "too_many_requests", `Too many requests; go on in ${seconds} s.`, {
      "Retry-After": String(seconds),
    })
  }

  /** Throws a `Problem` unless one of our own pages, or a program, asks for something to be done. */
  refuseForgery({ request: { headers }, isFromOtherPage: isForeign }: AppRequest): void {
    if (isForeign) throw new Problem(403, "other_origin", "This is for our own pages.")
    const type = headers.get("content-type")
    const hasBody = Number(headers.get("content-length") ?? 0) > 0 || headers.has("transfer-encoding")
    // Forms, which any page can send without asking first, are of other types.
    if ((hasBody || type !== null) && !/^application\/json\b/i.test(type ?? ""))
      throw new Problem(415, "unsupported_type", "Send JSON.")
  }
}
