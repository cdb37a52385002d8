// All that a sale needs, each in a process of its own: the shop, a payment service, and where asked for a Laba apart.
import { createHash } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { unsentSince } from "../../../apps/flash-sale/audit/booked-tickets.ts"
import type { Verdict } from "../../../apps/flash-sale/model/wire/api.ts"
import { Ledger } from "../../../apps/flash-sale/ledger/ledger.ts"
import { signatureHeader } from "../../../apps/flash-sale/payments/http-provider.ts"
import { signatureOf } from "../../../apps/flash-sale/payments/signed-body.ts"
import { ledgerPath } from "../../../apps/flash-sale/server.ts"
import { Crowd } from "../../../bench/flash-sale/crowd.ts"
import { Place } from "./place.ts"

export type Victim = "shop" | "payments" | "laba"

const root = join(import.meta.dir, "../../..")
const shopMain = join(root, "apps/flash-sale/main.ts")
const labaMain = join(root, "src/cli/main.ts")
const key = "laba_shop_a-key-that-is-only-for-this-test"
const operatorKey = "the operator of this town"

const secrets = {
  FLASH_SALE_PAYMENT_SECRET: "payment secret",
  FLASH_SALE_OPERATOR_KEY: operatorKey,
}
const labaSecrets = {
  FLASH_SALE_LABA_KEY: key,
  FLASH_SALE_LISTEN_SECRET: "a secret of at least 32 characters",
}
const hookSecret = "another secret of 32 characters or more"

/**
 * What a Laba apart is configured with: the shop publishes and reads, buyers hear what is theirs, and what they say goes to
 * the shop. Who comes to listen is let in without it: results are heard while it is dead.
 */
const labaConfig = (directory: string, shopUrl: string | null) => ({
  engine: `sqlite:${directory}`,
  keys: [
    {
      name: "shop",
      sha256: createHash("sha256").update(key).digest("hex"),
      publish: ["/@*/**", "/sales/*", "/sales-marker/*"],
      listen: ["/@*/sales/*", "/sales-marker/*"],
    },
  ],
  tokens: {
    secret: labaSecrets.FLASH_SALE_LISTEN_SECRET,
    issuer: "flash-sale",
    audience: "laba",
    inQuery: true,
  },
  // All buyers of the town come from one address.
  limits: { connectsPerAddressPerSecond: 1000 },
  channels: {
    "/@*/sales/*": { history: { count: 20, bytes: "64KB", time: "24h" }, listen: "owner", publish: "key" },
    "/sales/*": { history: { count: 5, time: "1h" }, listen: "anyone", publish: "key" },
    "/sales-marker/*": { history: { count: 1, time: "24h" }, listen: "key", publish: "key" },
  },
  ...(shopUrl !== null && {
    hooks: [
      {
        pattern: "/@*/sales/*",
        transport: `${shopUrl}/api/laba`,
        secret: hookSecret,
        privateAddresses: ["127.0.0.1"],
      },
    ],
  }),
})

export class Town implements AsyncDisposable {
  readonly payments: Place
  readonly shop: Place
  /** Null when Laba is inside the shop. */
  readonly laba: Place | null
  private readonly directory: string

  private constructor(directory: string, places: { payments: Place; shop: Place; laba: Place | null }) {
    this.directory = directory
    this.payments = places.payments
    this.shop = places.shop
    this.laba = places.laba
  }

  static async start({ isLabaApart }: { isLabaApart: boolean }): Promise<Town> {
    const directory = await mkdtemp(join(tmpdir(), "flash-sale-kills-"))
    const laba = isLabaApart ? await startLaba(directory) : null
    const payments = await Place.start({
      name: "payments",
      command: (port) => run(shopMain, "payments", "--data", directory, "--port", port),
      env: secrets,
      address: /simulator is at (\S+)/,
    })
    let labaPort = "0"
    const shop = await Place.start({
      name: "shop",
      command: (port) => [
        ...run(shopMain, "serve", "--data", directory, "--port", port, "--payments", payments.url),
        ...(laba ? ["--laba", laba.url] : ["--laba-port", labaPort]),
      ],
      env: { ...secrets, ...(laba && { ...labaSecrets, FLASH_SALE_HOOK_SECRET: hookSecret }) },
      address: /sale is at (\S+)[^]*operator's key/,
    })
    // A Laba inside the shop is found again where it was, too.
    labaPort = /Laba is at http:[^,\s]+:(\d+)/.exec(shop.printed)?.[1] ?? "0"
    if (laba) {
      // Each has to know the other's address, and the system chooses both: Laba comes back with the shop's.
      await configureLaba(directory, shop.url)
      await laba.kill()
      await laba.start()
    }
    return new Town(directory, { payments, shop, laba })
  }

  /** Those who can be killed here. */
  get victims(): readonly Victim[] {
    return this.laba ? ["shop", "payments", "laba"] : ["shop", "payments"]
  }

  place(victim: Victim): Place {
    const place = this[victim]
    if (!place) throw new Error(`There is no ${victim} in this town.`)
    return place
  }

  async operator(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const answer = await fetch(`${this.shop.url}/api/operator${path}`, {
      method,
      headers: { Authorization: `Bearer ${operatorKey}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return JSON.parse(text) as Record<string, unknown>
  }

  /** A gauge of the shop, by its whole name with labels. */
  async gauge(name: string): Promise<number> {
    const text = await (await fetch(`${this.shop.url}/metrics`)).text()
    const line = text.split("\n").find((each) => each.startsWith(`${name} `))
    if (line === undefined) throw new Error(`There is no ${name} among the metrics.`)
    return Number(line.slice(name.length + 1))
  }

  /** Rows of the outbox that are not noted as sent. */
  unsent(): number {
    const database = Ledger.read(ledgerPath(this.directory))
    try {
      return unsentSince(database, Infinity).length
    } finally {
      database.close()
    }
  }

  /** People whom the shop knows by its own secrets. */
  crowd(): Crowd {
    const database = Ledger.read(ledgerPath(this.directory))
    try {
      const sql = "SELECT value FROM secrets WHERE name = 'tokens'"
      return Crowd.withSecret((database.query(sql).get() as { value: string }).value)
    } finally {
      database.close()
    }
  }

  /** What the books say of a sale's tickets. */
  booked(sale: string): BookedSale {
    const database = Ledger.read(ledgerPath(this.directory))
    try {
      const { key } = database.query("SELECT key FROM sales WHERE id = ?").get(sale) as { key: number }
      const rows = database
        .query<{ user: string; number: number }, [number]>("SELECT user, number FROM tickets WHERE sale = ?")
        .all(key)
      const { most } = database
        .query(
          "SELECT max(n) AS most FROM (SELECT count(*) AS n FROM tickets WHERE sale = ? GROUP BY admitted_at)",
        )
        .get(key) as { most: number | null }
      return { numbers: new Map(rows.map(({ user, number }) => [user, number])), batchMost: most ?? 0 }
    } finally {
      database.close()
    }
  }

  /** How the payment service's callbacks travel from now on. A new process begins with fair weather. */
  async weather(weather: { delayMsMax: number; doubled: number; lost: number }): Promise<void> {
    const body = JSON.stringify(weather)
    const answer = await fetch(`${this.payments.url}/weather`, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        [signatureHeader]: signatureOf(secrets.FLASH_SALE_PAYMENT_SECRET, Date.now(), body),
      },
      body,
    })
    if (!answer.ok) throw new Error(`The weather was answered with ${answer.status}.`)
    await answer.body?.cancel()
  }

  /** What `flash-sale verify` says of the books and of the channels of one sale, after which nobody can act any more. */
  async verify(sale: string): Promise<{ exit: number; verdict: Verdict }> {
    const these = ["--sale", sale]
    const child = Bun.spawn([...run(shopMain, "verify", "--json", "--data", this.directory, ...these)], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
      env: { PATH: process.env["PATH"] ?? "", ...(this.laba && labaSecrets) },
    })
    const verdict = JSON.parse(await new Response(child.stdout).text()) as Verdict
    return { exit: await child.exited, verdict }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const place of [this.shop, this.payments, this.laba]) await place?.kill()
    await rm(this.directory, { recursive: true, force: true })
  }
}

/** A sale in the books. */
interface BookedSale {
  readonly numbers: ReadonlyMap<string, number>
  /** The most tickets that were written at the same time. */
  readonly batchMost: number
}

const run = (main: string, ...args: string[]): string[] => [process.execPath, "--no-env-file", main, ...args]

const labaConfigIn = (directory: string): string => join(directory, "laba.json")

const configureLaba = (directory: string, shopUrl: string | null): Promise<number> =>
  Bun.write(labaConfigIn(directory), JSON.stringify(labaConfig(join(directory, "laba-apart"), shopUrl)))

async function startLaba(directory: string): Promise<Place> {
  await configureLaba(directory, null)
  return Place.start({
    name: "laba",
    command: (port) => run(labaMain, "serve", "--config", labaConfigIn(directory), "--port", port),
    address: /(http:\/\/[^\s/]+:\d+)/,
  })
}
