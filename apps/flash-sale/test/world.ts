// A flash sale whose process can die between any two steps and come back: the books stay, the memory does not. The
// provider and the listeners are outside of it and remember what they were told.
import { Database } from "bun:sqlite"
import type { SaleChanges } from "../book/sale-transaction.ts"
import type { Ticket } from "../book/memory/memory.ts"
import type { Sale } from "../book/sale.ts"
import { Sales } from "../book/sales.ts"
import type { LabaPublisher } from "../delivery/laba/laba-publisher.ts"
import { ResultSender } from "../delivery/result-sender.ts"
import { type AdmittedTicket, AdmissionQueue, type EntryAnswer } from "../admission/admission-queue.ts"
import { smallAttemptLimiter } from "../admission/attempt-limiter.ts"
import { TextSigner } from "../admission/text-signer.ts"
import { Ledger } from "../ledger/ledger.ts"
import { snapshotOf } from "../ledger/snapshot.ts"
import { inspect } from "../model/invariants.ts"
import type { TicketRecord } from "../model/wire/api.ts"
import { type SaleSettings, saleSchema } from "../model/sale.ts"
import { Cashier } from "../payments/cashier.ts"
import { OutboundTasks } from "../delivery/outbound-tasks.ts"
import { Refunds } from "../payments/refunds.ts"
import { PretendProvider } from "./pretend-provider.ts"

/** What a crash is here: from then on nothing of the process reaches the disk. */
class Crash extends Error {
  override readonly name = "Crash"
}

/** What SQLite says when there is no room. */
export const diskFull = (): Error =>
  Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" })

/** When the sale of a test starts. Time stands still until `pass`. */
export const startsAt = 1_800_000_000_000

export type SaleGiven = Partial<SaleSettings>

export class World implements Disposable {
  readonly database: Database
  readonly provider = new PretendProvider()
  /** The newest record that each user's channel holds. */
  readonly seen = new Map<string, TicketRecord>()
  readonly contradictions: string[] = []
  readonly logged: string[] = []
  now = startsAt
  /** Milliseconds that have passed, whatever was done to the clock. */
  ticks = 0
  labaFails = false
  /** Nothing can be written down; nobody dies of it. */
  diskIsFull = false
  crashes = 0
  /** Called at every step, before the countdown; a test may throw. */
  onStep: (step: string) => void = () => {}
  /** Called with what each transaction changed. */
  onTold: (told: SaleChanges) => void = () => {}
  private readonly ledgers: Ledger[] = []
  private stepsToLive = Infinity
  private dead = false
  private life: Life | null = null

  /** The books are in memory, unless they are given a place; or are those of a backup, and then there is the sale. */
  constructor(given: SaleGiven = {}, secondsBeforeStart = 0, from: string | Buffer = ":memory:") {
    this.database =
      typeof from === "string"
        ? new Database(from, { create: true, strict: true })
        : Database.deserialize(from, { strict: true })
    this.now -= secondsBeforeStart * 1000
    this.revive()
    if (typeof from !== "string") return
    const settings = saleSchema.parse({
      id: "s",
      title: "A sale",
      startsAt,
      items: [{ id: "i", title: "A thing", stock: 3, price: 100 }],
      ...given,
    })
    if (this.alive.sales.create(settings) === null) throw new Error("The sale was there already.")
    this.revive()
  }

  private get alive(): Life {
    if (this.life === null) throw new Error("Nothing runs.")
    return this.life
  }

  get sale(): Sale {
    return this.alive.sales.all[0] as Sale
  }

  get admission(): AdmissionQueue {
    return this.alive.desk as AdmissionQueue
  }

  get cashier(): Cashier {
    return this.alive.cashier
  }

  get refunds(): Refunds {
    return this.alive.refunds
  }

  get ledger(): Ledger {
    return this.alive.ledger
  }

  get isDead(): boolean {
    return this.dead
  }

  get resultSender(): ResultSender {
    return this.alive.tellings
  }

  /** Lets the process die at the n-th step from now. */
  dieAfter(steps: number): void {
    this.stepsToLive = steps
  }

  pass(seconds: number): void {
    this.now += seconds * 1000
    this.ticks += seconds * 1000
  }

  /** A new process over the same books. */
  revive(): void {
    if (this.dead) this.crashes++
    this.life?.kill()
    this.dead = false
    this.stepsToLive = Infinity
    if (this.database.inTransaction) this.database.run("ROLLBACK")
    this.life = this.begin()
  }

  /** Lets everything that is due happen, and all that was promised arrive. */
  async work(): Promise<void> {
    for (let round = 0; round < 200; round++) {
      const { sales, desk, cashier, errands, tellings } = this.alive
      let more = false
      try {
        desk?.flush((error) => this.logged.push(String(error)))
        for (const sale of sales.all) {
          more = sale.step() || more
          cashier.sweep(sale)
        }
        errands.run()
        tellings.noteSent()
      } catch (error) {
        this.logged.push(String(error))
      }
      if (this.dead) return
      for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve))
      if (!more && (this.labaFails || tellings.backlog === 0)) return
    }
    throw new Error(`There is always more to do. ${this.logged.slice(-3).join(" ")}`)
  }

  /** Enters with a fresh token, and has it written down. */
  async enter(user: string, { key = user, item = null as string | null } = {}): Promise<EntryAnswer> {
    const token = this.admission.token(user)
    const answer = this.admission.enter({ user, item, key, token: typeof token === "string" ? token : null })
    this.admission.flush((error) => this.logged.push(String(error)))
    return answer
  }

  /** Enters and must get in. */
  async admitted(user: string, given: { key?: string; item?: string } = {}): Promise<Ticket> {
    const answer = await this.enter(user, given)
    if (!("ticket" in answer)) throw new Error(`${user} was refused: ${answer.refused}`)
    return (answer satisfies AdmittedTicket).ticket
  }

  /** Pays an order, and has the provider's callbacks arrive. */
  async pays(number: number): Promise<void> {
    await this.cashier.open(this.sale, number)
    this.provider.pay(`s.${number}`)
    for (const callback of this.provider.callbacks.splice(0))
      this.cashier.receive(new Headers(), JSON.stringify(callback))
    await this.work()
  }

  /** What the order of a number is called at the provider; of one that there is not, what it could be called. */
  reference(number: number | string): string {
    const order = typeof number === "number" ? this.sale.orderOf(number) : null
    return order ? this.sale.book.referenceOf(order) : `s.${number}.${this.ledger.books}00000000`
  }

  /** The ticket as it stands now: memory may have been read again. */
  ticket(number: number): Ticket {
    return this.sale.book.tickets.get(number) as Ticket
  }

  /** What breaks an invariant, in the books or in what listeners saw. */
  findings(): string[] {
    const found = inspect(snapshotOf(this.database, this.now))
    return [
      ...Object.entries(found).flatMap(([name, lines]) => lines.map((line) => `${name} ${line}`)),
      ...this.contradictions,
    ]
  }

  [Symbol.dispose](): void {
    this.life?.kill()
    // Its statements would keep the file open.
    for (const ledger of this.ledgers) ledger.close()
    this.database.close()
  }

  private begin(): Life {
    let mine = true
    const between = (step: string): void => {
      // What belongs to a dead process stays dead, also when the next one runs.
      if (mine && !this.dead) {
        this.onStep(step)
        if (this.diskIsFull && step.endsWith(": commit")) throw diskFull()
        if (this.stepsToLive-- > 0) return
        mine = false
        this.dead = true
      }
      throw new Crash(`died before: ${step}`)
    }
    const ledger = new Ledger(this.database, { between })
    this.ledgers.push(ledger)
    const log = (line: string) => void this.logged.push(line)
    const tellings = new ResultSender({
      ledger,
      loudspeaker: this.loudspeaker({ isAlive: () => mine && !this.dead, between }),
      log,
      retryMs: 0,
    })
    const sales = new Sales({
      ledger,
      clock: () => this.now,
      ticks: () => this.ticks,
      webhooks: true,
      onTold: (sale, told) => {
        tellings.add(sale, told)
        this.onTold(told)
      },
    })
    const [sale] = sales.all
    const find = (id: string) => sales.find(id)
    const refunds = new Refunds({ ledger, clock: () => this.now, find, webhooks: true })
    const life: Life = {
      kill() {
        mine = false
        tellings.stop()
      },
      ledger,
      sales,
      tellings,
      desk: sale
        ? new AdmissionQueue({
            sale,
            seal: new TextSigner("secret"),
            wake: () => {},
            pace: smallAttemptLimiter(),
          })
        : null,
      cashier: new Cashier({
        provider: this.provider,
        find,
        books: ledger.books,
        ticks: () => this.ticks,
        log,
      }),
      refunds,
      errands: new OutboundTasks({
        refunds,
        ledger,
        clock: () => this.now,
        log,
        find,
        provider: this.provider,
        webhook: async () => {},
      }),
    }
    tellings.resume(sales.all)
    return life
  }

  private loudspeaker(life: { isAlive: () => boolean; between: (step: string) => void }): LabaPublisher {
    return {
      url: "http://laba",
      publish: async (channel, json) => {
        if (!life.isAlive() || this.labaFails) throw new Error("Laba is away.")
        // Between two tellings a process can die as well.
        life.between(`tell ${channel}`)
        this.hear(channel, JSON.parse(json) as TicketRecord)
      },
      holds: async () => true,
      close: async () => {},
    }
  }

  /** A listener remembers what was shown and compares. */
  private hear(channel: string, record: TicketRecord): void {
    const name = `${channel}#${record.number}`
    const before = this.seen.get(name)
    if (before && before.version === record.version && JSON.stringify(before) !== JSON.stringify(record))
      this.contradictions.push(`${name}: version ${record.version} was shown in two ways`)
    if (before && record.version < before.version)
      this.contradictions.push(`${name}: ${record.version} was shown after ${before.version}`)
    if (before?.order && before.order.state === "paid" && record.order?.state === "expired")
      this.contradictions.push(`${name}: paid became expired`)
    this.seen.set(name, record)
  }
}

interface Life {
  /** Ends it: whatever it still has in hand comes to nothing. */
  readonly kill: () => void
  readonly ledger: Ledger
  readonly sales: Sales
  readonly tellings: ResultSender
  readonly desk: AdmissionQueue | null
  readonly cashier: Cashier
  readonly errands: OutboundTasks
  readonly refunds: Refunds
}
