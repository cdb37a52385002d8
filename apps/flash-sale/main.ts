// The command line: `flash-sale` shows a shop, `serve` runs one; `payments`, `verify` and `audit` are beside it.
import { existsSync } from "node:fs"
import type { parseArgs } from "node:util"
import {
  addressIn,
  folderIn,
  hostIn,
  ifGiven,
  UsageError,
  portIn,
  readFlags,
  runCommand,
  wholeNumber,
} from "../kit/command/command-line.ts"
import { stopBySignal } from "../kit/command/ports-and-signals.ts"
import { secretIn } from "../kit/command/secret.ts"
import { auditDecisions, auditRecord } from "./audit/draw-audit.ts"
import type { DrawRecord } from "./model/wire/api.ts"
import { orUnreadable, verifyCommand } from "./audit/verify-command.ts"
import { serveShop } from "./serve.ts"
import { Ledger } from "./ledger/ledger.ts"
import { reading } from "./ledger/unreadable.ts"
import { supervise } from "./demo/supervised.ts"
import { openPayments, refuseOpenByAccident } from "./open-by-accident.ts"
import { addressAttemptsDefault } from "./admission/attempt-limiter.ts"
import { startSimulator } from "./demo/simulator.ts"
import { ledgerPath } from "./server.ts"

const usage = `flash-sale                show it: a sale about to open, tools to try it out, and a shop that is started again when it dies
flash-sale serve          run the shop, with a payment simulator and a Laba of its own unless told otherwise
  --data DIR              where the books are (default ./data/flash-sale)
  --host, --port          where to listen (default 127.0.0.1, 8090; 0 is any free port)
  --laba URL              Laba elsewhere; FLASH_SALE_LABA_KEY is the key to publish with,
                          FLASH_SALE_LISTEN_SECRET signs buyers' tokens, FLASH_SALE_HOOK_SECRET what its hooks
                          ask at /api/laba
  --laba-port N           where a Laba of its own listens (default: where it was last on these books, at first 8095; a free
                          one where that is taken; 0 is any free port)
  --laba-engine ENGINE    memory, or sqlite:DIR (default, beside the books)
  --payments URL          a payment provider elsewhere; FLASH_SALE_PAYMENT_SECRET signs what it and the shop say
  --payments-port N       where a payment simulator of its own listens (default: as for Laba, at first 8096)
  --public-url URL        where the payment provider and browsers reach the shop (default: where it listens)
  --public-laba URL, --public-payments URL
                          where browsers reach Laba and the simulator behind a proxy; needed where pages come by https
  --open                  others may reach it although anybody can log in as anybody, or pay without money
  --webhook URL           told what becomes of orders and of money for them; FLASH_SALE_WEBHOOK_SECRET signs it
  --jwt-issuer ISS, --jwt-audience AUD
                          the shop's own login: tokens of this issuer for this audience, which the key in FLASH_SALE_JWT_KEY has
                          signed (a secret, or a public key in PEM; while it is changed FLASH_SALE_JWT_KEY_BEFORE, too)
  --jwks URL              or whose keys are fetched there
  --address-attempts N    logins and attempts to enter that one address may make in five seconds (default 1000; 0: no limit)
  --address-header NAME   what a proxy before the shop writes a visitor's address into, such as X-Forwarded-For
  --front-threads N       threads that read requests beside the one that writes tickets (default 1)
  --cold                  do not try the way in out before the shop opens: it is there about a second sooner, and the
                          first second of a crowd is slow
  --keep-days N           how long the books of a sale stay after its last change (default 30; 0 is for ever)
flash-sale payments       run the payment simulator by itself (--data, --host, --port, --public-payments; --open where others
                          reach it)
flash-sale verify         check the books and the channels (--data DIR, --json); exits with 1 when a promise is broken, with 3
                          when Laba does not answer, with 4 when the books cannot be read
  --laba URL              where Laba is (default: where the shop of these books has it)
  --sale SALE             read the channels of that sale alone
  --books                 the books alone
flash-sale audit SALE     compute the order of service again (--data DIR, or --url of a running shop)`

const options = {
  data: { type: "string", default: "data/flash-sale" },
  host: { type: "string", default: "127.0.0.1" },
  port: { type: "string" },
  laba: { type: "string" },
  "laba-port": { type: "string" },
  "laba-engine": { type: "string" },
  payments: { type: "string" },
  "payments-port": { type: "string" },
  "public-url": { type: "string" },
  "public-laba": { type: "string" },
  "public-payments": { type: "string" },
  open: { type: "boolean", default: false },
  webhook: { type: "string" },
  "jwt-issuer": { type: "string" },
  "jwt-audience": { type: "string" },
  jwks: { type: "string" },
  url: { type: "string" },
  json: { type: "boolean", default: false },
  sale: { type: "string" },
  books: { type: "boolean", default: false },
  "verify-seconds": { type: "string", default: "15" },
  "keep-days": { type: "string", default: "30" },
  "front-threads": { type: "string", default: "1" },
  "address-attempts": { type: "string", default: String(addressAttemptsDefault) },
  "address-header": { type: "string" },
  cold: { type: "boolean", default: false },
  // What `flash-sale` starts its shop with.
  demo: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>["values"]

await runCommand("flash-sale", async () => {
  const { values, positionals } = readFlags({ allowPositionals: true, options })
  folderIn("data", values.data)
  await run(values, positionals)
})

async function run(values: Values, [command = "show", subject]: readonly string[]): Promise<void> {
  if (values.help) console.log(usage)
  else if (command === "show") await showCommand(values)
  else if (command === "serve") await serveCommand(values)
  else if (command === "payments") paymentsCommand(values)
  else if (command === "verify") process.exitCode = await orUnreadable(() => verifyBooksAndChannels(values))
  else if (command === "audit" && subject !== undefined)
    process.exitCode = await orUnreadable(() => auditCommand(values, subject))
  else {
    console.error(usage)
    process.exitCode = 2
  }
}

async function showCommand(values: Values): Promise<void> {
  const passedOn = [
    "laba",
    "laba-engine",
    "laba-port",
    "public-url",
    "public-laba",
    "public-payments",
    "webhook",
    "jwt-issuer",
    "jwt-audience",
    "jwks",
    "verify-seconds",
    "keep-days",
    "front-threads",
    "address-attempts",
    "address-header",
  ] as const
  const host = hostIn("host", values.host)
  const reach = { host, publicUrl: values["public-url"], open: values.open }
  // The one for the shop would come too late: it is told that the simulator is elsewhere.
  refuseOpenByAccident(reach, [values.payments === undefined && openPayments])
  const shown = supervise({
    directory: values.data,
    host,
    port: portIn("port", values.port ?? "8090"),
    payments: values.payments ?? null,
    paymentsPort: ifGiven(portIn, "payments-port", values["payments-port"]),
    publicPayments: ifGiven(addressIn, "public-payments", values["public-payments"]),
    args: [
      ...passedOn.flatMap((name) => (values[name] === undefined ? [] : [`--${name}`, values[name]])),
      ...(values.open ? ["--open"] : []),
    ],
    log: (line) => console.log(line),
  })
  stopBySignal(() => shown.close())
  const code = await shown.ended
  if (code !== null) process.exit(code)
}

async function serveCommand(values: Values): Promise<void> {
  const addressHeader = values["address-header"]
  if (addressHeader !== undefined && !/^[\w-]+$/.test(addressHeader))
    throw new UsageError(`--address-header: ${addressHeader} is no header's name`)
  const shop = await serveShop({
    directory: values.data,
    host: hostIn("host", values.host),
    port: portIn("port", values.port ?? "8090"),
    labaPort: ifGiven(portIn, "laba-port", values["laba-port"]),
    laba: values.laba,
    labaEngine: values["laba-engine"],
    payments: values.payments,
    paymentsPort: ifGiven(portIn, "payments-port", values["payments-port"]),
    publicUrl: values["public-url"],
    publicLaba: values["public-laba"],
    publicPayments: values["public-payments"],
    open: values.open,
    webhook: values.webhook,
    jwtIssuer: values["jwt-issuer"],
    jwtAudience: values["jwt-audience"],
    jwks: values.jwks,
    verifySeconds: wholeNumber("verify-seconds", values["verify-seconds"]),
    keepDays: wholeNumber("keep-days", values["keep-days"]),
    frontThreads: Math.max(1, wholeNumber("front-threads", values["front-threads"])),
    addressAttempts: wholeNumber("address-attempts", values["address-attempts"]),
    addressHeader,
    warmUp: !values.cold,
    demo: values.demo,
  })
  console.log(`The flash sale is at ${shop.url}`)
  console.log(`Laba is at ${shop.labaUrl}, payments at ${shop.paymentsUrl}`)
  // What is behind the # stays in the browser.
  console.log(`Its operator sits at ${shop.url}/operator#key=${shop.operatorKey}`)
  console.log(`The operator's key is ${shop.operatorKey}`)
  stopBySignal(() => shop.close())
  // Whoever shows this shop holds the other end, and may die without a word.
  if (values.demo) process.stdin.on("end", () => process.exit(0)).resume()
}

function paymentsCommand(values: Values): void {
  const secret = secretIn("FLASH_SALE_PAYMENT_SECRET")
  if (secret === undefined)
    throw new UsageError("set FLASH_SALE_PAYMENT_SECRET, here and for the shop: it signs the callbacks")
  const host = hostIn("host", values.host)
  refuseOpenByAccident({ host, open: values.open }, [openPayments])
  const { url } = startSimulator({
    host,
    port: portIn("port", values.port ?? "8091"),
    publicUrl: ifGiven(addressIn, "public-payments", values["public-payments"])?.replace(/\/+$/, ""),
    path: `${values.data}/payments.sqlite`,
    secret,
  })
  console.log(`The payment simulator is at ${url}`)
}

function verifyBooksAndChannels(values: Values): Promise<number> {
  return verifyCommand({
    sale: values.sale ?? null,
    directory: values.data,
    ledger: booksIn(values.data),
    laba: values.laba,
    booksOnly: values.books,
    json: values.json,
  })
}

/** 0: all is as drawn. 1: it is not. 3: there is nothing to compute yet. Rejects with `UnreadableBooks`. */
async function auditCommand(values: Values, sale: string): Promise<0 | 1 | 3> {
  const record = values.url === undefined ? null : await publishedDraw(values.url, sale)
  if (record !== null && record.order === null) {
    const isFirstCome = record.mode === "first-come"
    console.log(
      `${sale} ${isFirstCome ? "is first come, first served: nothing is drawn" : "has not been drawn yet"}.`,
    )
    return isFirstCome ? 0 : 3
  }
  const wrong = record === null ? auditBooks(values.data, sale) : auditRecord(record)
  console.log(wrong.length === 0 ? `${sale}: the order of service is as it must be.` : wrong.join("\n"))
  return wrong.length === 0 ? 0 : 1
}

async function publishedDraw(url: string, sale: string): Promise<DrawRecord> {
  const answer = await fetch(`${url}/api/sales/${encodeURIComponent(sale)}/draw`)
  if (answer.status === 404) throw new Error(`There is no sale ${sale} at ${url}.`)
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}.`)
  return (await answer.json()) as DrawRecord
}

function auditBooks(directory: string, sale: string): string[] {
  const path = booksIn(directory)
  return reading(path, () => {
    const database = Ledger.read(path)
    try {
      return auditDecisions(database, sale)
    } finally {
      database.close()
    }
  })
}

/** Throws `UsageError` when there are none: that is no finding about a sale. */
function booksIn(directory: string): string {
  const path = ledgerPath(directory)
  if (!existsSync(path)) throw new UsageError(`there are no books of a flash sale in ${directory}`)
  return path
}
