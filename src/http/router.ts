// From a request to its endpoint. Everything not under /_/ is a channel. Paths are taken from the URL, and one that is not what
// came is refused: whoever stands in front has judged another.
import { LabaError } from "../../wire/error.ts"
import { anyone } from "../access/access.ts"
import { guardLoopback } from "../access/origins/loopback-guard.ts"
import { asksForWebSocket } from "../access/origins/upgrade-offer.ts"
import type { ApiContext } from "./api-context.ts"
import type { Answer, ApiRequest } from "./api-request.ts"
import type { Endpoint, Methods } from "./endpoint.ts"
import { deleteChannel, headChannel } from "./channels/channel-state.ts"
import { listen } from "./channels/listen.ts"
import { answerPollMany, openSocket, streamMany } from "./many-channels/listen-many.ts"
import { problemResponse } from "./problem.ts"
import { publish } from "./channels/publish.ts"
import { openPolledSession, openStreamedSession } from "./sessions/open-session.ts"
import { deleteSession, pollSession, postCommands, sessionPrefix } from "./sessions/session.ts"
import { isSockJsSocket, sockJsMethods } from "./sockjs/sockjs-routes.ts"
import { openStomp } from "./websocket/stomp.ts"
import type { InFlight } from "./in-flight.ts"
import type { HttpServer } from "../transports/bun-server.ts"

const channelMethods: Methods = { POST: publish, GET: listen, HEAD: headChannel, DELETE: deleteChannel }

interface RouterOptions {
  readonly context: ApiContext
  /** More addresses: `/` and those under `/_/`. */
  readonly pages: ReadonlyMap<string, Methods>
  /** Every address under a prefix. */
  readonly prefixRoutes: readonly PrefixRoutes[]
  readonly inFlight: InFlight
  readonly onFailure: (error: unknown, request: ApiRequest) => void
  /** Somebody was refused: an answer as good as any other, and one to be counted. */
  readonly onRefusal: (error: LabaError, request: ApiRequest) => void
}

/** Addresses under a prefix, found by whoever knows them. */
export interface PrefixRoutes {
  readonly prefix: string
  /** Null: there is nothing. */
  readonly methodsOf: (path: string) => Methods | null
}

/** Balancers ask here as simply as they can: by HTTP/1.0, which needs no Host (RFC 9112, 3.2). */
const healthAddresses = ["/_/live", "/_/ready"]

const sessionMethods: Methods = { GET: pollSession, POST: postCommands, DELETE: deleteSession }

/** Where a WebSocket opens that has no channel of its own. */
const socketAddress = "/_/ws"
const sockJsInfo = "/info"
const stompAddress = "/_/stomp"
const stompMethods: Methods = { GET: openStomp }

const ownAddresses: readonly [string, Methods][] = [
  [socketAddress, { GET: openSocket }],
  [stompAddress, stompMethods],
  ["/_/events", { GET: streamMany }],
  ["/_/poll", { GET: answerPollMany }],
  ["/_/session", { GET: openStreamedSession, POST: openPolledSession }],
]

export class Router {
  private readonly options: RouterOptions
  private readonly addresses: Map<string, Methods>

  constructor(options: RouterOptions) {
    this.options = options
    this.addresses = new Map([...ownAddresses, ...options.pages])
  }

  /** Answers a request. Never throws: what goes wrong is an answer too. */
  handle(raw: Request, server: HttpServer, isRewritten: boolean): Answer {
    const request = readRequest(raw, server)
    try {
      const answer = this.route(request, isRewritten)
      return answer instanceof Promise ? this.settle(answer, request) : this.finish(answer, request)
    } catch (error) {
      return this.finish(this.fail(error, request), request)
    }
  }

  private async settle(
    answer: Promise<Response | undefined>,
    request: ApiRequest,
  ): Promise<Response | undefined> {
    const { inFlight } = this.options
    inFlight.begin()
    try {
      return this.finish(await answer, request)
    } catch (error) {
      return this.finish(this.fail(error, request), request)
    } finally {
      inFlight.end()
    }
  }

  /** Pages of allowed origins may read the answer, whatever it is: a refusal too. */
  private finish(response: Response | undefined, { raw, answerSaysVary }: ApiRequest): Response | undefined {
    if (!response) return response
    this.options.context.access.origins.addTo(response, raw.headers)
    // Also where no page asked: a cache would keep the answer without CORS, and give it to pages. What is posted no cache keeps.
    if (raw.method !== "POST" && !answerSaysVary) response.headers.append("Vary", "Origin")
    return response
  }

  private route(request: ApiRequest, isRewritten: boolean): Answer {
    const { method, headers } = request.raw
    if (!request.path.startsWith("/")) throw new LabaError("bad_request", "The Host header is not a host.")
    const { access } = this.options.context
    // RFC 9112, 3.2: one. Each in front of us may have gone by another of them. They come joined, and no host has a comma.
    if (headers.get("host")?.includes(",")) throw new LabaError("bad_request", "There is more than one Host.")
    if (access.guardsLoopback) guardLoopback(request.raw)
    access.origins.check(headers)
    if (isRewritten && this.options.context.sockjs.placeOf(request.path))
      throw new LabaError("not_found", "There is no such SockJS session.")
    if (isRewritten)
      throw new LabaError(
        "bad_channel",
        "The path is not a channel's name: it has a backslash, a part `.` or `..`, or bytes that are not UTF-8, so a URL parser makes another path of it.",
      )
    const methods = this.methodsOf(request.path)
    // A page in its place tells who opens a socket nothing: browsers show no answer, and libraries its status alone.
    if (
      methods !== channelMethods &&
      request.path !== socketAddress &&
      methods !== stompMethods &&
      !isSockJsSocket(methods) &&
      asksForWebSocket(headers)
    )
      throw new LabaError("bad_request", this.whyNoSocket(request.path))
    const endpoint = methods[method]
    if (endpoint) return this.call(endpoint, request)
    const allowed = Object.keys(methods).join(", ")
    if (method === "OPTIONS") {
      const preflight = access.origins.preflight(headers, allowed)
      return preflight ?? new Response(null, { status: 204, headers: { Allow: `${allowed}, OPTIONS` } })
    }
    const error = new LabaError("method_not_allowed", `${method} is not supported here; use ${allowed}.`)
    this.options.onRefusal(error, request)
    return problemResponse(error, { Allow: allowed })
  }

  /** Finds out who asks, before any endpoint is reached. What is shown to everybody is shown with a stale cookie too. */
  private call(endpoint: Endpoint, request: ApiRequest): Answer {
    const { context, pages } = this.options
    if (pages.has(request.path)) return endpoint(context, request)
    const { method, headers } = request.raw
    const identity = context.access.identify({ method, headers, search: request.search })
    if (!(identity instanceof Promise)) {
      request.identity = identity
      return endpoint(context, request)
    }
    return identity.then((known) => {
      request.identity = known
      return endpoint(context, request)
    })
  }

  private methodsOf(path: string): Methods {
    if (path !== "/" && !path.startsWith("/_/")) return this.addressMethods(path) ?? channelMethods
    const methods = this.addresses.get(path)
    if (methods) return methods
    if (path.startsWith(sessionPrefix)) return sessionMethods
    for (const { prefix, methodsOf } of this.options.prefixRoutes) {
      const found = path.startsWith(prefix) ? methodsOf(path) : null
      if (found) return found
    }
    throw new LabaError("not_found", `There is nothing at ${path.slice(0, 100)}.`)
  }

  /** Of what the configuration has given an address to; null at a channel. */
  private addressMethods(path: string): Methods | null {
    const { stomp, sockjs } = this.options.context
    if (stomp.paths.has(path)) return stompMethods
    const methods = sockJsMethods(sockjs, path)
    if (!methods && path.endsWith(sockJsInfo)) this.lookForSockJs(path.slice(0, -sockJsInfo.length))
    return methods
  }

  /** What is asked for first by a SockJS client, which then gives up, and shows its user nothing. */
  private lookForSockJs(path: string): void {
    const { stomp, onSockJsMissed } = this.options.context
    if (stomp.paths.has(path)) onSockJsMissed(path)
  }

  /** Why no WebSocket opens at a path. Browsers hide it from their pages, so the operator is told what a client of STOMP met instead. */
  private whyNoSocket(path: string): string {
    const { sockjs, onStompMissed } = this.options.context
    const place = sockjs.placeOf(path)
    if (!place)
      return `WebSockets open at a channel, such as \`/orders/42\`, or at \`${socketAddress}\`; \`${path.slice(0, 100)}\` is neither.`
    const { service, carries, rest } = place
    const isStomp = carries.protocol === "stomp"
    if (isStomp && rest === "") onStompMissed(service)
    const orThere = isStomp ? `, or at \`${service}\` where \`stomp.paths\` names it, too` : ""
    return `SockJS is served at \`${service}\`: a WebSocket without it opens at \`${service}/websocket\`${orThere}.`
  }

  private fail(error: unknown, request: ApiRequest): Response {
    if (!(error instanceof LabaError) || error.code === "internal") this.options.onFailure(error, request)
    else this.options.onRefusal(error, request)
    return problemResponse(error)
  }
}

/** Where the path starts in a URL that is one: for health checks, when no Host was sent at all. Else -1. */
function startWithoutHost({ url, headers }: Request): number {
  const isCheck = healthAddresses.some((path) => url === path || url.startsWith(`${path}?`))
  return isCheck && !headers.has("host") ? 0 : -1
}

/** Splits the URL by hand: `new URL` costs ten times as much, and throws when the Host is no host. */
function readRequest(raw: Request, server: HttpServer): ApiRequest {
  const { url } = raw
  const scheme = url.indexOf("://")
  // Without a usable Host, Bun gives the bare path, which may hold a scheme further on.
  const isBare = scheme < 0 || url.startsWith("/")
  const start = isBare ? startWithoutHost(raw) : url.indexOf("/", scheme + 3)
  if (start < 0) return { raw, server, path: "", search: "", identity: anyone }
  const mark = url.indexOf("?", start)
  return mark < 0
    ? { raw, server, path: url.slice(start), search: "", identity: anyone }
    : { raw, server, path: url.slice(start, mark), search: url.slice(mark), identity: anyone }
}
