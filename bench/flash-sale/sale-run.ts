// One sale under load, from its first click to the audit of its books: new tickets at a steady rate, decisions until
// nobody waits, results until every listener has heard. Then those who hold a ticket click again, to be refused.
import { statSync } from "node:fs"
import { join } from "node:path"
import { ledgerPath } from "../../apps/flash-sale/server.ts"
import { ShopProcess } from "../../apps/flash-sale/test/shop-process.ts"
import { residentBytesOf } from "../measure/process-cost.ts"
import { rounded } from "../measure/spread.ts"
import { Audience } from "./audience.ts"
import { Crowd } from "./crowd.ts"
import { type Measured, measured } from "./measured.ts"

export interface SaleRunOptions {
  readonly perSecond: number
  readonly seconds: number
  readonly connections: number
  readonly stock: number
  readonly listeners: number
  /** What Laba remembers with: `memory`, or empty for SQLite beside the books. */
  readonly engine: string
}

export interface SaleRun extends Measured {
  readonly tickets: number
  readonly won: number
  /** From the last answer until nobody waited for a decision. */
  readonly decisionsCaughtUpSeconds: number | null
  /** From the first click until nobody waited for a decision. */
  readonly decidedPerSecond: number | null
  /** From the first click until Laba had every result. */
  readonly toldPerSecond: number | null
  readonly listeners: number
  readonly heard: number
  readonly decisionToClientP50Ms: number | null
  readonly decisionToClientP99Ms: number | null
  readonly ledgerBytesPerTicket: number | null
  readonly labaBytesPerTicket: number | null
  readonly residentMegabytes: number | null
}

const saleId = "bench"

/** How long decisions and results may take after the last click. */
const catchUpMsMax = 120_000

export class SaleStage implements AsyncDisposable {
  private readonly shop: ShopProcess
  private readonly crowd: Crowd
  private readonly options: SaleRunOptions

  private constructor(shop: ShopProcess, options: SaleRunOptions) {
    this.shop = shop
    this.options = options
    this.crowd = Crowd.of(shop.directory)
  }

  static async open(options: SaleRunOptions): Promise<SaleStage> {
    const args = options.engine === "" ? [] : ["--laba-engine", options.engine]
    const stage = new SaleStage(await ShopProcess.start({ args, warm: true }), options)
    const users = options.perSecond * options.seconds
    await stage.createSale(saleId, { stock: options.stock, factor: 1000, reserve: users })
    return stage
  }

  /** New tickets: every user is new, and every click is good. */
  async sell(): Promise<SaleRun> {
    const { shop, crowd } = this
    const { perSecond, seconds, listeners } = this.options
    const users = perSecond * seconds
    const requests = crowd.entering({ sale: saleId, port: this.port, count: users })
    const audience = await Audience.open({ crowd, labaUrl: shop.labaUrl, sale: saleId, listeners, users })
    const start = performance.now()
    const taken = await this.measured({ requests, perSecond, seconds })
    const answered = performance.now()
    const isLate = () => performance.now() - answered > catchUpMsMax
    let standing = await this.look()
    while (standing.queued > 0 && !isLate()) {
      await Bun.sleep(20)
      standing = await this.look()
    }
    const decided = performance.now()
    while ((await this.untold()) > 0 && !isLate()) await Bun.sleep(20)
    const told = performance.now()
    while (audience.heard < listeners && !isLate()) await Bun.sleep(20)
    audience.close()
    const { tickets, won } = standing
    // Without the log beside it, which is bounded and written anew.
    const bytesEach = (path: string): number | null => rounded(statSync(path).size / Math.max(1, tickets))
    return {
      ...taken,
      tickets,
      won,
      decisionsCaughtUpSeconds: rounded((decided - answered) / 1000),
      decidedPerSecond: rounded(tickets / ((decided - start) / 1000)),
      toldPerSecond: rounded(tickets / ((told - start) / 1000)),
      listeners,
      heard: audience.heard,
      decisionToClientP50Ms: rounded(audience.latency.percentileMs(0.5)),
      decisionToClientP99Ms: rounded(audience.latency.percentileMs(0.99)),
      ledgerBytesPerTicket: bytesEach(ledgerPath(shop.directory)),
      labaBytesPerTicket:
        this.options.engine === "" ? bytesEach(join(shop.directory, "laba", "laba.sqlite")) : 0,
      residentMegabytes: rounded(residentBytesOf(shop.pid) / 1e6),
    }
  }

  /** Everybody clicks again and is told which ticket they hold. */
  async refuseHolders(perSecond: number, seconds: number): Promise<Measured> {
    const count = this.options.perSecond * this.options.seconds
    const requests = this.crowd.entering({ sale: saleId, port: this.port, count, attempt: "again" })
    return this.measured({ requests, perSecond, seconds })
  }

  /** A queue with one place, which is taken: everybody else is turned away. */
  async refuseBeyondCapacity(perSecond: number, seconds: number): Promise<Measured> {
    const sale = "full"
    await this.createSale(sale, { stock: 1, factor: 1, reserve: 0 })
    const count = perSecond * seconds
    const requests = this.crowd.entering({ sale, port: this.port, count })
    return this.measured({ requests, perSecond, seconds })
  }

  /** What is wrong in the books; empty when nothing is. */
  findings(): string[] {
    return this.shop.findings()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shop[Symbol.asyncDispose]()
  }

  private get port(): number {
    return Number(new URL(this.shop.url).port)
  }

  private measured(load: Pick<Parameters<typeof measured>[0], "requests" | "perSecond" | "seconds">) {
    return measured({
      ...load,
      pids: [this.shop.pid],
      port: this.port,
      connections: this.options.connections,
    })
  }

  private async createSale(id: string, bounds: { stock: number; factor: number; reserve: number }) {
    const { stock, factor, reserve } = bounds
    const made = await this.shop.operator("POST", "/sales", {
      id,
      title: "Bench",
      startsAt: Date.now() - 1000,
      items: [{ id: "i", title: "A thing", stock, price: 100 }],
      factor,
      reserve,
      payBySeconds: 3600,
    })
    if (!made.ok) throw new Error(await made.text())
  }

  /** Results that Laba does not have yet. */
  private async untold(): Promise<number> {
    const text = await (await fetch(`${this.shop.url}/metrics`)).text()
    return Number(/^flash_sale_results_untold (\d+)/m.exec(text)?.[1] ?? Number.NaN)
  }

  private async look(): Promise<{ queued: number; tickets: number; won: number }> {
    const answer = (await (await this.shop.operator("GET", `/sales/${saleId}`)).json()) as {
      tickets: number
      standing: { queued: number; items: readonly { held: number; sold: number }[] }
    }
    const won = answer.standing.items.reduce((sum, { held, sold }) => sum + held + sold, 0)
    return { queued: answer.standing.queued, tickets: answer.tickets, won }
  }
}
