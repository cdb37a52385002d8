// A payment provider that was written from `docs/guide/flash-sale-payments.md` alone: it imports nothing of the shop's, so that
// what the page leaves out shows.
import { createHmac } from "node:crypto"

interface Trade {
  readonly amount: number
  readonly callback: string
  payment: string | null
  isClosed: boolean
}

/** One request of the shop, as it came. */
interface Asked {
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
}

export class PageProvider implements AsyncDisposable {
  readonly asked: Asked[] = []
  readonly refunded = new Set<string>()
  /** Answers every question with this status instead of working. */
  failsWith: number | null = null
  private readonly trades = new Map<string, Trade>()
  private readonly secret: string
  private readonly server: Bun.Server<undefined>
  private payments = 0

  constructor(secret: string) {
    this.secret = secret
    this.server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request) => {
        const text = await request.text()
        if (!this.isSigned(request.headers.get("X-Payment-Signature") ?? "", text))
          return new Response(null, { status: 401 })
        if (this.failsWith !== null) return new Response("Sorry.", { status: this.failsWith })
        const { pathname } = new URL(request.url)
        const body = JSON.parse(text) as Record<string, unknown>
        this.asked.push({ path: pathname, body })
        return this.answer(pathname, body)
      },
    })
  }

  get url(): string {
    return this.server.url.origin
  }

  /** The buyer pays at the provider. Answers the payment. */
  pay(reference: string): string {
    const trade = this.trades.get(reference)
    if (!trade || trade.isClosed || trade.payment !== null) throw new Error(`${reference} cannot be paid.`)
    trade.payment = `pay_${++this.payments}`
    return trade.payment
  }

  /** Tells the shop something. Answers the status. */
  async tell(
    reference: string,
    told: Readonly<Record<string, unknown>>,
    secret = this.secret,
  ): Promise<number> {
    const body = JSON.stringify(told)
    const callback = this.trades.get(reference)?.callback ?? ""
    const answer = await fetch(callback, {
      method: "POST",
      headers: { "X-Payment-Signature": this.sign(body, secret) },
      body,
    })
    await answer.body?.cancel()
    return answer.status
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop(true)
  }

  private sign(body: string, secret = this.secret, seconds = Math.floor(Date.now() / 1000)): string {
    return `t=${seconds},v1=${createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex")}`
  }

  private isSigned(header: string, body: string): boolean {
    const seconds = Number(/^t=(\d+),/.exec(header)?.[1])
    return Math.abs(Date.now() / 1000 - seconds) < 300 && header === this.sign(body, this.secret, seconds)
  }

  private answer(path: string, body: Record<string, unknown>): Response {
    const reference = String(body["reference"])
    const trade = this.trades.get(reference)
    if (path === "/trades") {
      if (trade?.isClosed) return new Response(null, { status: 409 })
      if (!trade)
        this.trades.set(reference, {
          amount: Number(body["amount"]),
          callback: String(body["callback"]),
          payment: null,
          isClosed: false,
        })
      return Response.json({ payUrl: `${this.url}/pay/${encodeURIComponent(reference)}` })
    }
    if (path === "/trades/look") {
      if (!trade) return new Response(null, { status: 404 })
      return Response.json(stateOf(trade))
    }
    if (path === "/trades/close") {
      const ended = trade ?? { amount: 0, callback: "", payment: null, isClosed: true }
      if (ended.payment === null) ended.isClosed = true
      this.trades.set(reference, ended)
      return Response.json(stateOf(ended))
    }
    if (path !== "/refunds") return new Response(null, { status: 404 })
    this.refunded.add(String(body["payment"]))
    return new Response(null, { status: 204 })
  }
}

function stateOf({ payment, amount, isClosed }: Trade): Record<string, unknown> {
  if (payment !== null) return { state: "paid", payment, amount }
  return { state: isClosed ? "closed" : "open" }
}
