// A shop as people start it, in a process of its own, so that it can be killed; and buyers who talk to it over HTTP.
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { verifyBooks } from "../audit/verify.ts"
import { Ledger } from "../ledger/ledger.ts"
import type { TicketRecord } from "../model/wire/api.ts"
import { ledgerPath } from "../server.ts"

const main = join(import.meta.dir, "../main.ts")
/** How long a condition may take on a machine that is busy with something else. */
const untilMsMax = 40_000

const readyMsMax = 60_000

export interface ShopProcessOptions {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Whether it tries the way in out before it opens, as it does for people. Default false. */
  readonly warm?: boolean
}

/** One directory of books, over which processes come and go. */
export class ShopProcess implements AsyncDisposable {
  readonly directory: string
  url = ""
  labaUrl = ""
  paymentsUrl = ""
  operatorKey = ""
  private child: Bun.Subprocess<"ignore", "pipe", "pipe"> | null = null
  private readonly options: ShopProcessOptions

  private constructor(directory: string, options: ShopProcessOptions) {
    this.directory = directory
    this.options = options
  }

  static async start(options: ShopProcessOptions = {}): Promise<ShopProcess> {
    const shop = new ShopProcess(await mkdtemp(join(tmpdir(), "flash-sale-")), options)
    await shop.start()
    return shop
  }

  /** Starts a process on the directory; at the ports of the last one, so that buyers find it again. */
  async start(): Promise<void> {
    const port = this.url === "" ? "0" : new URL(this.url).port
    const paymentsPort = this.paymentsUrl === "" ? "0" : new URL(this.paymentsUrl).port
    const labaPort = this.labaUrl === "" ? "0" : new URL(this.labaUrl).port
    const child = Bun.spawn(
      [
        process.execPath,
        main,
        "serve",
        "--data",
        this.directory,
        "--port",
        port,
        "--laba-port",
        labaPort,
        ...(this.options.args?.includes("--payments") ? [] : ["--payments-port", paymentsPort]),
        "--verify-seconds",
        "0",
        ...(this.options.warm ? [] : ["--cold"]),
        ...(this.options.args ?? []),
      ],
      {
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
        env: {
          PATH: process.env["PATH"] ?? "",
          // As `npm run flash-sale` starts it.
          BUN_JSC_forceCodeBlockLiveness: "1",
          FLASH_SALE_PAYMENT_SECRET: "payment secret",
          ...this.options.env,
        },
      },
    )
    this.child = child
    const errors = new Response(child.stderr).text()
    const clock = setTimeout(() => child.kill("SIGKILL"), readyMsMax)
    let text = ""
    const decoder = new TextDecoder()
    for await (const chunk of child.stdout) {
      text += decoder.decode(chunk)
      if (text.includes("operator's key")) break
    }
    clearTimeout(clock)
    const found = /sale is at (\S+)[^]*Laba is at ([^,]+), payments at (\S+)[^]*key is (\S+)/.exec(text)
    if (!found) throw new Error(`The shop did not start: ${text}${await errors}`)
    ;[, this.url = "", this.labaUrl = "", this.paymentsUrl = "", this.operatorKey = ""] = found
  }

  /** Of the process that runs now. */
  get pid(): number {
    return this.child?.pid ?? 0
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    this.child?.kill("SIGKILL")
    await this.child?.exited
  }

  /** Asked to stop. Answers the exit code. */
  async stop(): Promise<number | undefined> {
    this.child?.kill("SIGTERM")
    return this.child?.exited
  }

  async operator(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${this.url}/api/operator${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.operatorKey}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  }

  async logIn(user: string): Promise<Buyer> {
    const answer = await fetch(`${this.url}/api/login`, { method: "POST", body: JSON.stringify({ user }) })
    const { token } = (await answer.json()) as { token: string }
    const listen = await fetch(`${this.url}/api/listen`, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}` },
    })
    return new Buyer(this, { user, token, listenToken: ((await listen.json()) as { token: string }).token })
  }

  /** Rows of the outbox that are not noted as sent. */
  unsent(): number {
    const database = Ledger.read(ledgerPath(this.directory))
    try {
      return (database.query("SELECT count(*) AS n FROM outbox WHERE sent = 0").get() as { n: number }).n
    } finally {
      database.close()
    }
  }

  findings(): string[] {
    const { findings } = verifyBooks(ledgerPath(this.directory), Date.now())
    return Object.entries(findings).flatMap(([name, lines]) => lines.map((line) => `${name} ${line}`))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await rm(this.directory, { recursive: true, force: true })
  }
}

export interface Answered {
  readonly status: number
  readonly body: Record<string, unknown>
}

export class Buyer {
  readonly user: string
  readonly token: string
  readonly listenToken: string
  private readonly shop: ShopProcess

  constructor(shop: ShopProcess, who: { user: string; token: string; listenToken: string }) {
    this.shop = shop
    this.user = who.user
    this.token = who.token
    this.listenToken = who.listenToken
  }

  async ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answered> {
    const answer = await fetch(`${this.shop.url}/api${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.token}`, ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }

  /** Gets a token and enters with it. Without an item it is for the only one. */
  async enter(sale: string, key = this.user, item?: string): Promise<Answered> {
    const issued = await this.ask("POST", `/sales/${sale}/token`)
    const body = { token: issued.body["token"] ?? null, ...(item !== undefined && { item }) }
    return this.ask("POST", `/sales/${sale}/tickets`, body, { "Idempotency-Key": key })
  }

  /** The newest result, as polling reads it: null while the channel is empty. */
  async poll(sale: string): Promise<TicketRecord | null> {
    const answer = await fetch(`${this.shop.labaUrl}/@${this.user}/sales/${sale}?token=${this.listenToken}`)
    if (answer.status === 204) return null
    if (!answer.ok) throw new Error(`Laba answered ${answer.status}: ${await answer.text()}`)
    return (await answer.json()) as TicketRecord
  }
}

/** Asks again until the answer is right; fails at a deadline with the last answer. */
export async function until<T>(
  ask: () => Promise<T>,
  isRight: (answer: T) => boolean,
  msMax = untilMsMax,
): Promise<T> {
  const deadline = performance.now() + msMax
  for (;;) {
    const answer = await ask()
    if (isRight(answer)) return answer
    if (performance.now() > deadline) throw new Error(`Still ${JSON.stringify(answer)}`)
    await Bun.sleep(20)
  }
}
