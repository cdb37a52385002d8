// From a request to its endpoint. Everything not under /_/ is a channel. Paths are taken from the URL as Bun has
// normalised it; Bun's own `routes` would match the raw path and see another one than the endpoints do.
import type { Server } from "bun"
import { LabaError } from "../../wire/error.ts"
import { guardLoopback } from "../access/loopback-guard.ts"
import type { Ask, Station } from "../api/ask.ts"
import { head, remove } from "../api/channel-state.ts"
import { type Answer, listen } from "../api/listen.ts"
import { answerManyPoll, openSocket, streamMany } from "../api/many.ts"
import { problemResponse } from "../api/problem.ts"
import { publish } from "../api/publish.ts"
import {
  command,
  leaveSession,
  openPolledSession,
  pollSession,
  sessionPrefix,
  streamSession,
} from "../api/session.ts"
import type { Socket } from "../transports/websocket/socket.ts"

export type Endpoint = (station: Station, ask: Ask) => Answer

/** The methods of one address. */
export type Methods = Readonly<Record<string, Endpoint>>

const channelMethods: Methods = { POST: publish, GET: listen, HEAD: head, DELETE: remove }

export interface RouterOptions {
  readonly station: Station
  /** Everybody may come, or only this machine. */
  readonly open: boolean
  /** More addresses: `/` and those under `/_/`. */
  readonly pages: ReadonlyMap<string, Methods>
  readonly onFailure: (error: unknown, ask: Ask) => void
}

const sessionMethods: Methods = { GET: pollSession, POST: command, DELETE: leaveSession }

const ownAddresses: readonly [string, Methods][] = [
  ["/_/ws", { GET: openSocket }],
  ["/_/events", { GET: streamMany }],
  ["/_/poll", { GET: answerManyPoll }],
  ["/_/session", { GET: streamSession, POST: openPolledSession }],
]

export class Router {
  private readonly options: RouterOptions
  private readonly addresses: Map<string, Methods>

  constructor(options: RouterOptions) {
    this.options = options
    this.addresses = new Map([...ownAddresses, ...options.pages])
  }

  /** Answers a request. Never throws: what goes wrong is an answer too. */
  handle(request: Request, server: Server<Socket>): Response | undefined | Promise<Response | undefined> {
    const ask = askOf(request, server)
    try {
      const answer = this.route(ask)
      return answer instanceof Promise ? answer.catch((error: unknown) => this.fail(error, ask)) : answer
    } catch (error) {
      return this.fail(error, ask)
    }
  }

  private route(ask: Ask): Answer {
    const { method } = ask.request
    if (!ask.path.startsWith("/")) throw new LabaError("bad_request", "The Host header is not a host.")
    if (!this.options.open) guardLoopback(ask.request.headers)
    const methods = this.methodsOf(ask.path)
    const endpoint = methods[method]
    if (endpoint) return endpoint(this.options.station, ask)
    const allowed = Object.keys(methods).join(", ")
    if (method === "OPTIONS")
      return new Response(null, { status: 204, headers: { Allow: `${allowed}, OPTIONS` } })
    const error = new LabaError("method_not_allowed", `${method} is not supported here; use ${allowed}.`)
    return problemResponse(error, { Allow: allowed })
  }

  private methodsOf(path: string): Methods {
    if (path !== "/" && !path.startsWith("/_/")) return channelMethods
    const methods = this.addresses.get(path)
    if (methods) return methods
    if (path.startsWith(sessionPrefix)) return sessionMethods
    throw new LabaError("not_found", `There is nothing at ${path.slice(0, 100)}.`)
  }

  private fail(error: unknown, ask: Ask): Response {
    if (!(error instanceof LabaError) || error.code === "internal") this.options.onFailure(error, ask)
    return problemResponse(error)
  }
}

/** Splits the URL by hand: `new URL` costs ten times as much, and throws when the Host is no host. */
function askOf(request: Request, server: Server<Socket>): Ask {
  const { url } = request
  const scheme = url.indexOf("://")
  // Without a usable Host, Bun gives the bare path; that it starts with no scheme tells it apart.
  const start = scheme < 0 ? -1 : url.indexOf("/", scheme + 3)
  if (start < 0) return { request, server, path: "", search: "" }
  const mark = url.indexOf("?", start)
  return mark < 0
    ? { request, server, path: url.slice(start), search: "" }
    : { request, server, path: url.slice(start, mark), search: url.slice(mark) }
}
