// One thread at the front of the shop: reads requests, and knows who a buyer is. A click crosses to the shop's thread and
// comes back as a reply; everything else is passed on to it over HTTP.
import { ownHosts } from "../../../kit/http/own-hosts.ts"
import { addressReader } from "./client-address.ts"
import { failed as shopFailed, otherHost, Problem, problemOf, type Reply, responseOf } from "../answers.ts"
import { entryOf } from "../entry-request.ts"
import { DemoLogin, type Login } from "../login.ts"
import { pathOf } from "../path.ts"
import { answeredBytesMax } from "../body.ts"
import { ShopTokens } from "../shop-tokens.ts"
import type { Entry } from "../../admission/admission-queue.ts"
import { TextSigner } from "../../admission/text-signer.ts"
import {
  ClickCrossing,
  type FromFront,
  type FrontThreadOptions,
  repliesIn,
  type ToFront,
} from "./crossing.ts"
import { passOn } from "./pass-on.ts"

declare const self: Worker

const say = (message: FromFront): void => self.postMessage(message)

const clicks = new ClickCrossing(say)
const waiting = new Map<number, (reply: Reply) => void>()
let clicked = 0
let server: Bun.Server<undefined> | null = null

/** Books that cannot be written hold the shop's thread for seconds; who waits is still to be answered. */
const answerSecondsMax = 60

function start(options: FrontThreadOptions): void {
  const { host, port, sharesPort, shopUrl, login: facts } = options
  const login: Login =
    "jwt" in facts ? new ShopTokens(facts.jwt) : new DemoLogin(new TextSigner(facts.secret))
  const addressOf = addressReader({
    host,
    header: options.addressHeader,
    peer: (request) => server?.requestIP(request)?.address,
  })
  const isOwnHost = ownHosts(options)
  const book = { login, clock: () => Date.now(), addressOf, publicUrl: options.publicUrl }
  server = Bun.serve({
    development: false,
    hostname: host,
    port,
    reusePort: sharesPort,
    maxRequestBodySize: answeredBytesMax,
    idleTimeout: answerSecondsMax,
    fetch(request) {
      const sale = request.method === "POST" ? saleEntered(pathOf(request.url)) : null
      if (!isOwnHost(request.headers.get("host"))) return otherHost()
      if (sale === null) return passOn(request, shopUrl, addressOf(request)).catch(failed)
      try {
        const wish = entryOf(book, request)
        if (!(wish instanceof Promise)) return enter(sale, wish)
        return wish.then((entry) => enter(sale, entry)).catch(failed)
      } catch (error) {
        return failed(error)
      }
    },
  })
  say({ kind: "started", port: server.port as number })
  watchLateness()
}

/** How often the thread looks whether it keeps up. */
const lookMs = 20

/** A timer that comes later than that has waited behind requests, as those behind it do. */
const lateMsMax = 15

function watchLateness(): void {
  let dueAt = performance.now() + lookMs
  setInterval(() => {
    const now = performance.now()
    if (now - dueAt > lateMsMax) say({ kind: "late" })
    dueAt = now + lookMs
  }, lookMs)
}

function enter(sale: string, entry: Entry): Promise<Response> {
  const id = ++clicked
  clicks.click({ id, sale, ...entry })
  return new Promise((resolve) => waiting.set(id, (reply) => resolve(responseOf(reply))))
}

function failed(error: unknown): Response {
  return responseOf(problemOf(error instanceof Problem ? error : shopFailed()))
}

const before = "/api/sales/"
const after = "/tickets"

/** The sale that a path leads into the queue of; null for every other path. */
function saleEntered(path: string): string | null {
  if (!path.startsWith(before) || !path.endsWith(after)) return null
  const sale = path.slice(before.length, -after.length)
  return sale.includes("/") ? null : sale
}

self.onmessage = ({ data }: MessageEvent<ToFront>) => {
  if (typeof data === "string") {
    for (const [id, reply] of repliesIn(data)) {
      waiting.get(id)?.(reply)
      waiting.delete(id)
    }
  } else if (data.kind === "close") {
    void server?.stop().then(() => say({ kind: "closed" }))
  } else {
    try {
      start(data.options)
    } catch (error) {
      say({ kind: "notStarted", why: error instanceof Error ? error.message : String(error) })
    }
  }
}
