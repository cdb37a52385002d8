// One synthetic buyer: a person's way through a sale, over HTTP. Tries again whatever may be tried again, under the same
// key, so a shop that dies meanwhile costs it time and nothing else.
import type { TicketRecord } from "../model/wire/api.ts"
import { isWaiting } from "../model/ticket.ts"
import type { CrowdSettings } from "./crowd-settings.ts"
import type { Answer as HttpAnswer, Asked, CrowdClient } from "./crowd-client.ts"
import type { Tally } from "./tally.ts"
import type { Turnstile } from "./turnstile.ts"

interface SyntheticBuyerOptions {
  readonly client: CrowdClient
  readonly sale: string
  /** Undefined is the only one. */
  readonly item: string | undefined
  readonly name: string
  readonly wish: CrowdSettings
  readonly turnstile: Turnstile
  readonly tally: Tally
}

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

const logInPath = "/api/login"

/** After so many refusals a person gives up. */
const patience = 20

/** Somebody decides, types a card number, hesitates. */
const thinkingMs = (): number => 500 + Math.random() * 6000

export class SyntheticBuyer {
  private readonly options: SyntheticBuyerOptions
  private credential = ""

  constructor(options: SyntheticBuyerOptions) {
    this.options = options
  }

  async live(): Promise<void> {
    const { tally } = this.options
    try {
      await this.logIn()
      tally.came += 1
      const clickedAt = performance.now()
      if (!(await this.enter())) return
      tally.admit(performance.now() - clickedAt)
      await this.waitAndSee()
    } finally {
      tally.ended += 1
    }
  }

  /** As people do some time before. */
  private async logIn(): Promise<void> {
    const { body } = await this.ask("POST", logInPath, { user: this.options.name })
    this.credential = String(body["token"])
  }

  private async enter(): Promise<boolean> {
    const { sale, item, name, tally } = this.options
    for (let tries = 1; ; tries++) {
      const issued = await this.ask("POST", `/api/sales/${sale}/token`)
      const { token } = issued.body
      const entered =
        issued.status === 200
          ? await this.ask("POST", `/api/sales/${sale}/tickets`, item && { item }, {
              "Idempotency-Key": name,
              "Buy-Token": String(token),
            })
          : issued
      if (entered.status === 201) return true
      const { code, next, retryAfterSeconds } = entered.body
      if (next === "never" || tries >= patience) {
        tally.refuse(String(code))
        return false
      }
      await Bun.sleep(Number(retryAfterSeconds ?? 1) * 1000 * (0.8 + Math.random() * 0.4))
    }
  }

  private async waitAndSee(): Promise<void> {
    const { turnstile, wish: settings, tally, sale } = this.options
    let record = await this.record()
    if (isWaiting(record.state) && Math.random() < settings.leave) {
      await Bun.sleep(thinkingMs())
      if ((await this.ask("DELETE", `/api/sales/${sale}/ticket`)).status === 200) {
        tally.left += 1
        return
      }
    }
    while (isWaiting(record.state)) {
      if (record.state === "queued") await turnstile.turnOf(record.turn, 30_000)
      else await turnstile.turnOf(null, 10_000)
      record = await this.record()
    }
    if (record.state === "won") await this.settle()
    else if (record.state === "sold_out") tally.soldOut += 1
  }

  private async settle(): Promise<void> {
    const { wish: settings, tally, turnstile, sale } = this.options
    tally.won += 1
    const mood = Math.random()
    await Bun.sleep(thinkingMs())
    if (mood < settings.pay) {
      const { body } = await this.ask("POST", `/api/sales/${sale}/order/pay`)
      if (typeof body["payUrl"] === "string") {
        const { status } = await this.ask("POST", body["payUrl"])
        // Declined: who wants it tries again.
        if (status === 402) await this.ask("POST", body["payUrl"])
      }
    } else if (mood < settings.pay + settings.giveBack) {
      await this.ask("DELETE", `/api/sales/${sale}/order`)
    }
    let state = (await this.record()).order?.state
    while (state === "pending") {
      await turnstile.turnOf(null, 2000)
      state = (await this.record()).order?.state
    }
    if (state === "paid") tally.paid += 1
  }

  private async record(): Promise<TicketRecord> {
    const { body } = await this.ask("GET", `/api/sales/${this.options.sale}/ticket`)
    return body as unknown as TicketRecord
  }

  /** Asks until there is an answer: the shop may be down for a moment. */
  private async ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    for (let tries = 0; ; tries++) {
      try {
        const asked = {
          method,
          headers: { Authorization: `Bearer ${this.credential}`, ...headers },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        }
        const answer = path.startsWith("/")
          ? await this.options.client.ask({ path, canWait: path === logInPath, ...asked })
          : await askElsewhere(path, asked)
        const json = JSON.parse(answer.body) as Answer["body"]
        if (answer.status < 500 || typeof json["next"] === "string")
          return { status: answer.status, body: json }
      } catch {
        // Asked again below; the crowd ends when the shop stays away.
      }
      await Bun.sleep(Math.random() * Math.min(8000, 250 * 2 ** tries))
    }
  }
}

/** The payment provider is somewhere else, and few ask there. */
async function askElsewhere(url: string, asked: Omit<Asked, "path">): Promise<HttpAnswer> {
  const answer = await fetch(url, { ...asked, signal: AbortSignal.timeout(10_000) })
  return { status: answer.status, body: await answer.text() }
}
