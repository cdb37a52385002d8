// A shop that answers with what a picture needs, and the real pages in front of it, with a real Laba that they listen at. Nothing is
// sold here: a state that takes minutes to come about is there at once.
import { serve } from "laba"
import { signListenToken } from "../../../kit/laba/listen-token.ts"
import { pagesOf } from "../../http/pages.ts"

/** What is answered at `METHOD /path`: a body, or a status and a body. `hang` never answers. */
export type Answers = Readonly<Record<string, unknown>>

/** Instead of a body: an answer that does not come. */
export const hang = Symbol("hang")

/** Instead of a body: a refusal. */
export class RefusedAnswer {
  readonly status: number
  readonly body: unknown

  constructor(status: number, body: unknown) {
    this.status = status
    this.body = body
  }
}

export class StandInShop implements AsyncDisposable {
  readonly url: string
  readonly labaUrl: string
  /** What the guest listens with. */
  readonly token: string
  /** What is answered from now on; anything else is `404`. */
  answers: Answers = {}
  /** What the pages have asked for. */
  readonly asked: string[] = []
  private readonly stop: () => Promise<void>

  private constructor(
    { url, labaUrl, token }: Pick<StandInShop, "url" | "labaUrl" | "token">,
    stop: () => Promise<void>,
  ) {
    this.url = url
    this.labaUrl = labaUrl
    this.token = token
    this.stop = stop
  }

  static async start(): Promise<StandInShop> {
    const secret = "a secret of thirty-two characters"
    const laba = await serve({
      listen: { host: "127.0.0.1", port: 0 },
      engine: "memory",
      tokens: { secret, issuer: "pictures", audience: "laba" },
      origins: ["*"],
      channels: { "/**": { listen: "anyone" } },
      log: { level: "error" },
      limits: { drainSeconds: 0 },
    })
    const pages = pagesOf(() => laba.url)
    const server = Bun.serve({
      development: false,
      hostname: "127.0.0.1",
      port: 0,
      idleTimeout: 0,
      async fetch(request) {
        const { pathname } = new URL(request.url)
        const page = request.method === "GET" ? pages(pathname) : null
        if (page) return page(request)
        shop.asked.push(`${request.method} ${pathname}`)
        const given = shop.answers[`${request.method} ${pathname}`]
        if (given === hang) return new Promise<Response>(() => {})
        if (given instanceof RefusedAnswer) return Response.json(given.body, { status: given.status })
        return given === undefined
          ? Response.json({ code: "not_found", detail: "There is nothing here." }, { status: 404 })
          : Response.json(given)
      },
    })
    const token = signListenToken({ issuer: "pictures", secret, nowMs: Date.now(), user: "ann" })
    const urls = { url: `http://127.0.0.1:${server.port}`, labaUrl: laba.url, token }
    const shop = new StandInShop(urls, async () => {
      await server.stop(true)
      await laba.close()
    })
    return shop
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
