// Clicks at the shop before anybody else can. Code that runs for the first time runs many times slower, and the first second
// of a sale is the one that matters: without this its first clicks wait for seconds. The sale that is entered here is in
// memory alone, and gone afterwards.
import { Database } from "bun:sqlite"
import type { Sale } from "./book/sale.ts"
import { Sales } from "./book/sales.ts"
import { ResultSender } from "./delivery/result-sender.ts"
import type { Click } from "./http/front/crossing.ts"
import type { Reply } from "./http/answers.ts"
import { Counters } from "./http/monitoring/counters.ts"
import { type EntryShop, enter } from "./http/entering.ts"
import type { DemoLogin } from "./http/login.ts"
import { issueBuyToken } from "./admission/buy-token.ts"
import { AdmissionQueue } from "./admission/admission-queue.ts"
import { smallAttemptLimiter } from "./admission/attempt-limiter.ts"
import type { TextSigner } from "./admission/text-signer.ts"
import { Ledger } from "./ledger/ledger.ts"
import { saleSchema } from "./model/sale.ts"

/** No sale of a shop has this id, and nobody guesses it. */
const saleId = `warm-up-${crypto.randomUUID().slice(0, 23)}`

/** Enough that the code is compiled well, in about a second. */
const clicksMax = 20_000
const requestsMax = 12_000

const atOnce = 100

interface WarmUpOptions {
  readonly seal: TextSigner
  /** Null: the shop has its own login, and nobody can be logged in here. Then no requests are made. */
  readonly login: DemoLogin | null
}

export class WarmUp {
  private readonly options: WarmUpOptions
  private readonly ledger = new Ledger(new Database(":memory:", { strict: true }))
  private readonly sale: Sale
  private readonly desk: AdmissionQueue
  private readonly tellings: ResultSender
  private readonly shop: EntryShop
  private clicks = 0
  private writing = false

  constructor(options: WarmUpOptions) {
    this.options = options
    const { ledger } = this
    const loudspeaker = { url: "", publish: async () => {}, holds: async () => true, close: async () => {} }
    this.tellings = new ResultSender({ ledger, loudspeaker, log: () => {} })
    const sales = new Sales({
      ledger,
      clock: () => Date.now(),
      webhooks: false,
      onTold: (sale, told) => this.tellings.add(sale, told),
    })
    const items = [{ id: "i", title: "Nothing", stock: clicksMax / 2, price: 1 }]
    const startsAt = Date.now()
    // Room for all who click.
    const settings = saleSchema.parse({ id: saleId, title: "Warm-up", startsAt, items, factor: 4 })
    this.sale = sales.create(settings) as Sale
    this.desk = new AdmissionQueue({
      sale: this.sale,
      seal: options.seal,
      wake: () => this.write(),
      pace: smallAttemptLimiter(),
    })
    this.shop = { sales, counters: new Counters(), labaUrl: () => "", admissionOf: () => this.desk }
  }

  /** Answers a click; null when it is not one of ours. */
  enter(click: Click): Reply | Promise<Reply> | null {
    return click.sale === saleId ? enter(this.shop, saleId, click) : null
  }

  /** `url` is where the shop is reached. Whatever fails here harms nobody. */
  async run(url: string): Promise<void> {
    while (this.clicks < clicksMax) {
      const replies = Array.from({ length: atOnce }, async () => enter(this.shop, saleId, this.click()))
      await Promise.all(replies)
    }
    const { login } = this.options
    for (let made = 0; login !== null && made < requestsMax; made += atOnce)
      await Promise.all(Array.from({ length: atOnce }, () => this.request(url, login)))
    this.tellings.stop()
    this.ledger.close()
  }

  private click(): Click {
    const user = `warm-up-${++this.clicks}`
    const token = issueBuyToken(this.options.seal, { user, sale: saleId, had: 0 }, Date.now())
    return { id: this.clicks, sale: saleId, user, key: user, item: null, token }
  }

  private async request(url: string, login: DemoLogin): Promise<void> {
    const { user, key, token } = this.click()
    const answer = await fetch(`${url}/api/sales/${saleId}/tickets`, {
      method: "POST",
      headers: {
        Authorization: `Bearer ${login.issue(user, Date.now())}`,
        "Idempotency-Key": key,
        "Buy-Token": token ?? "",
      },
    })
    await answer.arrayBuffer()
  }

  private write(): void {
    if (this.writing) return
    this.writing = true
    setImmediate(() => {
      this.writing = false
      this.desk.flush(() => {})
      this.sale.step()
    })
  }
}
