// Customers and kitchens who talk to a desk and listen at its Laba, as pages do.
import { connect, type Laba, type Message } from "laba/client"
import type { BillRecord, BillState } from "../model/bill.ts"
import { customerChannel, deskChannel, kitchenChannel } from "../model/channels.ts"

export interface AskOptions {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

/** What they talk to. */
interface TakeawayServer {
  readonly labaUrl: string
  ask(method: string, path: string, options: AskOptions): Promise<Answered>
}

/** Quick, because a test has few of them and waits for each. */
const backoff = { minMs: 100, maxMs: 1000 } as const

/** What somebody hears of bills: each message once, in the order in which it came. */
class Hearing {
  readonly heard: BillRecord[] = []

  protected take({ data }: Message): void {
    this.heard.push(data as BillRecord)
  }

  /** The versions of a bill that were heard, repeats and all. */
  statesOf(bill: number): BillState[] {
    return this.heard.filter((one) => one.bill === bill).map(({ state }) => state)
  }
}

export class Customer extends Hearing implements Disposable {
  readonly name: string
  readonly cookie: string
  private readonly desk: TakeawayServer
  private laba: Laba | null = null

  constructor(desk: TakeawayServer, name: string, cookie: string) {
    super()
    this.desk = desk
    this.name = name
    this.cookie = cookie
  }

  order(dishes: unknown, { key, shop = "shop1" }: { key?: string; shop?: string } = {}): Promise<Answered> {
    const contact = { name: this.name, address: "1 Long Street", telephone: "13800000000" }
    return this.desk.ask("POST", "/bill", {
      body: { shop, ...contact, dishes },
      headers: { Cookie: this.cookie, ...(key !== undefined && { "Idempotency-Key": key }) },
    })
  }

  /** Orders and must get a bill. */
  async bill(dishes: unknown = ["egg"], key?: string): Promise<BillRecord> {
    const { body } = await this.order(dishes, key === undefined ? {} : { key })
    if (body["error_code"] !== 0) throw new Error(`No bill: ${JSON.stringify(body)}`)
    return body["bill"] as BillRecord
  }

  async bills(): Promise<BillRecord[]> {
    const { body } = await this.desk.ask("POST", "/api/visit", { headers: { Cookie: this.cookie } })
    return body["bills"] as BillRecord[]
  }

  async listen(): Promise<void> {
    const { body } = await this.desk.ask("POST", "/api/visit", { headers: { Cookie: this.cookie } })
    this.laba = connect(this.desk.labaUrl, {
      backoff,
      token: async () => {
        const answer = await this.desk.ask("POST", "/api/listen", { headers: { Cookie: this.cookie } })
        return answer.body["token"] as string
      },
    })
    const channel = this.laba.channel(customerChannel(body["customer"] as string))
    channel.on("message", (message) => this.take(message))
    await channel.ready()
  }

  [Symbol.dispose](): void {
    this.laba?.close()
  }
}

export class Kitchen extends Hearing implements Disposable {
  readonly shop: string
  readonly label: string
  readonly cookie: string
  readonly answers: Record<string, unknown>[] = []
  private readonly desk: TakeawayServer
  private laba: Laba | null = null

  constructor(desk: TakeawayServer, who: { shop: string; label: string; cookie: string }) {
    super()
    this.desk = desk
    this.shop = who.shop
    this.label = who.label
    this.cookie = who.cookie
  }

  async token(): Promise<string> {
    const { body } = await this.desk.ask("POST", "/api/kitchen/listen", { headers: { Cookie: this.cookie } })
    return body["token"] as string
  }

  async listen(): Promise<void> {
    this.laba = connect(this.desk.labaUrl, { backoff, token: () => this.token() })
    this.laba.on("direct", ({ data }) =>
      this.answers.push(JSON.parse(String(data)) as Record<string, unknown>),
    )
    const channel = this.laba.channel(kitchenChannel(this.shop))
    channel.on("message", (message) => this.take(message))
    await channel.ready()
  }

  async say(word: Readonly<Record<string, unknown>>): Promise<void> {
    await this.laba?.publish(deskChannel(this.shop), { by: this.label, ...word })
  }

  act(bill: BillRecord, what: string): Promise<void> {
    return this.say({ do: what, bill: bill.bill })
  }

  async open(): Promise<void> {
    await this.listen()
    await this.say({ do: "open" })
  }

  async bills(): Promise<BillRecord[]> {
    const { body } = await this.desk.ask("GET", "/api/kitchen", { headers: { Cookie: this.cookie } })
    return body["bills"] as BillRecord[]
  }

  leave(): void {
    this.laba?.close()
  }

  [Symbol.dispose](): void {
    this.leave()
  }
}
