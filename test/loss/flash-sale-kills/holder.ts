// One buyer of a town, with the package's client over one transport: listens before entering and until the end, over every
// kill; enters, pays, cancels or leaves as its habits say, and tries again whatever gets no answer.
import { connect, type Laba, LabaFailure } from "laba/client"
import type { Reply } from "../../../apps/flash-sale/model/wire/conversation.ts"
import type { TicketRecord } from "../../../apps/flash-sale/model/wire/api.ts"
import { ticketEnds } from "../../../apps/flash-sale/model/ticket.ts"
import { type Habits, itemOf } from "./plan.ts"
import type { Town } from "./town.ts"
import { Witness } from "./witness.ts"

/** Between two tries of what got no answer. */
const againMs = 50

/** Who is told to come back after minutes asks sooner here: the sale is over by then. */
const waitMsMax = 2000

/** What a buyer asks once more after; whatever else is answered is the end of it. */
const mayGoBetter: ReadonlySet<string> = new Set(["provider_away", "not_saved"])

/** An answer over the socket that has not come by then went out on a connection that broke. */
const replyMsMax = 1000

export class Holder implements Disposable {
  readonly habits: Habits
  readonly witness: Witness
  /** The number that it was promised. Null: it was refused for good. */
  number: number | null = null
  /** Whether the payment service has taken its money. */
  paid = false
  /** Times that it was told to load anew. */
  resets = 0
  /** What it is about. */
  doing = "comes"
  private readonly town: Town
  private readonly sale: string
  private token = ""
  private labaUrl = ""
  private laba: Laba | null = null
  private refs = 0
  private lastReason = "no loss"
  private readonly asked = new Map<number, (reply: Reply) => void>()
  private over = false

  constructor(town: Town, sale: string, habits: Habits) {
    this.town = town
    this.sale = sale
    this.habits = habits
    this.witness = new Witness(habits.user)
  }

  /** Enters, and does what its habits say. Ends when there is nothing left to do but to listen. */
  async live(onTicket: () => void): Promise<void> {
    const { user } = this.habits
    this.token = (await this.patiently("POST", "/login", { user })).body["token"] as string
    this.doing = "connects"
    await this.listen()
    this.doing = "enters"
    await this.enter()
    if (this.number === null) return void (this.doing = "is turned away")
    onTicket()
    this.doing = this.habits.does
    if (this.habits.does === "leaves") await this.ask("leave")
    this.doing = "waits"
    while (!this.over && this.witness.last?.order?.state !== "pending") {
      if (this.hasEnded()) return void (this.doing = "has its result")
      await this.witness.next()
    }
    this.doing = this.habits.does
    if (this.habits.does === "cancels") await this.ask("cancel")
    else if (this.habits.does === "pays") await this.pay()
    this.doing = "has its result"
  }

  /** What it last knew, for who asks why it did not hear. */
  get stand(): string {
    const { transport } = this.habits
    const { last } = this.witness
    return `${this.doing}, by ${transport}, ${this.laba?.state ?? "never connected"}, ${this.lastReason}, at version ${last?.version ?? 0}`
  }

  /** How its ticket stands in the books. */
  async ticket(): Promise<TicketRecord> {
    return (await this.patiently("GET", `/sales/${this.sale}/ticket`)).body as unknown as TicketRecord
  }

  [Symbol.dispose](): void {
    this.over = true
    this.laba?.close()
    this.witness.wake()
  }

  /** Whether there is nothing to be paid and nothing to come. */
  private hasEnded(): boolean {
    const { last } = this.witness
    return last !== null && ticketEnds.has(last.state) && last.order?.state !== "pending"
  }

  private async listen(): Promise<void> {
    const { user, transport } = this.habits
    const { body } = await this.patiently("POST", "/listen")
    this.labaUrl = body["laba"] as string
    const laba = connect(this.labaUrl, {
      transports: [transport],
      backoff: { minMs: 50, maxMs: 1000 },
      token: () => this.listenToken(),
      report: (error) => this.witness.object(`has an error in the client: ${String(error)}`),
    })
    this.laba = laba
    laba.on("direct", ({ data }) => {
      const reply = (typeof data === "string" ? JSON.parse(data) : data) as Reply
      this.asked.get(Number(reply.ref))?.(reply)
      this.asked.delete(Number(reply.ref))
    })
    laba.on("state", ({ reason }) => {
      if (reason) this.lastReason = `${reason.code} (${reason.detail})`
    })
    const channel = laba.channel(`/@${encodeURIComponent(user)}/sales/${this.sale}`)
    channel.on("message", ({ data }) => this.witness.hear(data as TicketRecord))
    channel.on("reset", () => {
      this.resets += 1
      void this.ticket().then((ticket) => this.witness.hear(recordIn(ticket)))
    })
    await channel.ready()
  }

  /** A shop that is just starting gives none: then the client waits and asks again. */
  private async listenToken(): Promise<string> {
    const { status, body } = await this.once("POST", "/listen")
    if (status !== 200) throw new Error(`The shop answered ${status}.`)
    return body["token"] as string
  }

  private async enter(): Promise<void> {
    const { user } = this.habits
    for (;;) {
      const issued = await this.patiently("POST", `/sales/${this.sale}/token`)
      const entered = await this.patiently(
        "POST",
        `/sales/${this.sale}/tickets`,
        { token: issued.body["token"] ?? null, item: itemOf.holders },
        { "Idempotency-Key": user },
      )
      if (entered.status === 201) {
        this.number = entered.body["number"] as number
        return
      }
      const code = entered.body["code"] as string
      if (code === "SOLD_OUT" || code === "CLOSED") return
      // One key, so one ticket: whoever holds one is given it again and not refused.
      if (code === "ALREADY_IN" || code === "KEY_CONFLICT") this.witness.object(`is refused: ${code}`)
      if (this.over) return
      // The shop has forgotten which tokens it gave, or this one was used by a try that was not heard of.
      await Bun.sleep(againMs)
    }
  }

  private async pay(): Promise<void> {
    while (!this.over) {
      const payUrl = await this.payUrl()
      if (payUrl === null) return
      const answer = await fetch(payUrl, { method: "POST" }).catch(() => null)
      await answer?.body?.cancel()
      if (answer?.status === 200) {
        this.paid = true
        return
      }
      // The trade was closed: its time was up.
      if (answer?.status === 409) return
      await Bun.sleep(againMs)
    }
  }

  /** Where to pay. Null when there is nothing to pay any more. */
  private async payUrl(): Promise<string | null> {
    while (!this.over) {
      if (this.habits.overSocket) {
        const reply = await this.say("pay")
        if (reply && "payUrl" in reply) return reply.payUrl
        if (reply && "failed" in reply && (reply.failed === "not_payable" || reply.failed === "no_order"))
          return null
      } else {
        const { status, body } = await this.patiently("POST", `/sales/${this.sale}/order/pay`)
        if (status === 200) return body["payUrl"] as string
        if (status === 404 || status === 409) return null
      }
      await Bun.sleep(againMs)
    }
    return null
  }

  /** Leaves or cancels, however long it takes to be heard. */
  private async ask(wish: "leave" | "cancel"): Promise<void> {
    const path = wish === "leave" ? `/sales/${this.sale}/ticket` : `/sales/${this.sale}/order`
    while (!this.over) {
      if (this.habits.overSocket) {
        const reply = await this.say(wish)
        if (reply && !("failed" in reply && mayGoBetter.has(reply.failed))) return
      } else if ((await this.patiently("DELETE", path)).status < 500) return
      await Bun.sleep(againMs)
    }
  }

  /** Says something over the socket. Null when no answer came back: the connection that asked may be gone. */
  private async say(wish: "pay" | "leave" | "cancel"): Promise<Reply | null> {
    const ref = ++this.refs
    const { promise, resolve } = Promise.withResolvers<Reply | null>()
    this.asked.set(ref, resolve)
    const channel = `/@${encodeURIComponent(this.habits.user)}/sales/${this.sale}`
    const published = this.laba?.publish(channel, { do: wish, ref })
    // It was taken; its answer went out before that word, on the same connection or on one that broke.
    await published?.then(
      () => setTimeout(() => resolve(null), replyMsMax),
      (error: unknown) => {
        // Whoever is asked to come back later does; the shop behind Laba is dead.
        if (!(error instanceof LabaFailure && error.retry === "back-off"))
          this.witness.object(`could not say ${wish}: ${String(error)}`)
        resolve(null)
      },
    )
    return promise
  }

  private async once(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const answer = await fetch(`${this.town.shop.url}/api${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.token}`, ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(5000),
    })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }

  /** Asks until there is an answer: 5xx, too early and too fast are none, and say when to come back. */
  private async patiently(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    for (;;) {
      let waitMs = againMs
      try {
        const answered = await this.once(method, path, body, headers)
        const { status } = answered
        if (status < 500 && status !== 425 && status !== 429) return answered
        waitMs = Math.min(waitMsMax, Number(answered.body["retryAfterSeconds"] ?? 0) * 1000) || againMs
      } catch {
        // Whoever was asked is dead. There is one more try for as long as the sale goes on.
      }
      if (this.over) throw new Error(`${this.habits.user} got no answer to ${method} ${path}`)
      await Bun.sleep(waitMs)
    }
  }
}

/** What is shown of a ticket by HTTP is the record and some more. */
function recordIn(ticket: TicketRecord): TicketRecord {
  const { sale, item, number, version, state, turn, at, order } = ticket
  return { sale, item, number, version, state, turn, at, order }
}
