// Puts a shop together: books, desk, cashier, errands, delivery, HTTP, and the loop that drives them.
import { join } from "node:path"
import { ownHosts } from "../kit/http/own-hosts.ts"
import { isEverywhere, onThisMachine, urlOnThisMachine } from "../kit/http/reachable-url.ts"
import { startingPage } from "../kit/http/starting-page.ts"
import { auditKey, noteLaba } from "./audit/laba-note.ts"
import { isClean } from "./audit/verify.ts"
import { PromiseChecker } from "./audit/promise-checker.ts"
import type { SaleChanges } from "./book/sale-transaction.ts"
import type { Ticket } from "./book/memory/memory.ts"
import type { Sale } from "./book/sale.ts"
import { Sales } from "./book/sales.ts"
import { Broadcasts } from "./delivery/broadcasts.ts"
import { Conversation } from "./delivery/laba/conversation.ts"
import { labaElsewhere } from "./delivery/laba/laba-elsewhere.ts"
import { labaHook, labaHookPath } from "./delivery/laba/laba-hook.ts"
import { labaBeside } from "./delivery/laba/laba-beside.ts"
import { listenToken } from "./delivery/laba/listen-token.ts"
import { ResultSender } from "./delivery/result-sender.ts"
import { visitorHooks } from "./delivery/laba/visitors.ts"
import { ListeningUsers } from "./delivery/listening-users.ts"
import { passedAddress } from "./http/front/client-address.ts"
import { Counters } from "./http/monitoring/counters.ts"
import { DemoLogin } from "./http/login.ts"
import { metrics } from "./http/monitoring/metrics.ts"
import { pagesOf } from "./http/pages.ts"
import { router } from "./http/router.ts"
import { failed, otherHost, problemOf, type Reply, responseOf, starting } from "./http/answers.ts"
import { answeredBytesMax } from "./http/body.ts"
import { enter } from "./http/entering.ts"
import type { Shop } from "./http/shop.ts"
import { ShopTokens, type ShopTokensOptions } from "./http/shop-tokens.ts"
import type { Click } from "./http/front/crossing.ts"
import { startFront } from "./http/front/front.ts"
import { AdmissionQueue } from "./admission/admission-queue.ts"
import {
  addressAttemptsDefault,
  defaultAttemptLimits,
  AttemptLimiter,
  type AttemptLimits,
} from "./admission/attempt-limiter.ts"
import { TextSigner, secretOf } from "./admission/text-signer.ts"
import { Ledger } from "./ledger/ledger.ts"
import { own } from "./ledger/owner.ts"
import { Loop } from "./loop.ts"
import { Cashier } from "./payments/cashier.ts"
import { type Payments, providerFor } from "./payments/payments.ts"
import { OutboundTasks } from "./delivery/outbound-tasks.ts"
import { Refunds } from "./payments/refunds.ts"
import { Retention } from "./book/retention.ts"
import { WarmUp } from "./warm-up.ts"
import { webhook } from "./delivery/webhook.ts"

interface ShopOptions {
  readonly directory: string
  readonly host?: string
  readonly port?: number
  /** Laba elsewhere; default is one inside this process. */
  readonly laba?:
    | {
        readonly url: string
        readonly key?: string | undefined
        /** Signs what it asks by its hooks; without one nothing is answered. */
        readonly hookSecret?: string | undefined
      }
    | undefined
  readonly labaPort?: number | undefined
  /** What Laba inside this process remembers with. Default: `sqlite:` in a directory beside the books. */
  readonly labaEngine?: string | undefined
  /** Signs the tokens to listen with, at least 32 bytes; Laba elsewhere has it as `tokens.secret`. Default: one of our own. */
  readonly listenSecret?: string | undefined
  /** A provider by HTTP, or one of the shop's own. */
  readonly payments: Payments
  /** Where the payment provider reaches us. Default: where we listen. */
  readonly publicUrl?: string | undefined
  /** Where browsers reach Laba, behind a proxy. Default: where it listens. */
  readonly publicLaba?: string | undefined
  readonly webhook?: { readonly url: string; readonly secret: string } | undefined
  readonly jwt?: ShopTokensOptions | undefined
  readonly operatorKey?: string | undefined
  readonly pace?: AttemptLimits
  /** Attempts that one network may make in five seconds; 0 is no limit. Default 1,000. */
  readonly addressAttempts?: number
  /** What a proxy before the shop writes a visitor's address into; its last entry counts. Default: there is none. */
  readonly addressHeader?: string | undefined
  /** Seconds between checks of the books; 0 is never. Default 15. */
  readonly verifySeconds?: number
  /** Days for which the books of a sale stay after its last change; 0 is for ever. Default 30. */
  readonly keepDays?: number
  /** Answers beside the shop what is none of its affairs; null for what it does not know either. */
  readonly beside?: ((shop: ShopPlace) => (request: Request) => Promise<Response> | null) | undefined
  /** Threads that read requests beside the one that writes tickets. Default 1. */
  readonly frontThreads?: number
  /** Whether to run the code of an entry before anybody enters. Takes about a second. Default false. */
  readonly warmUp?: boolean
  readonly log?: (line: string) => void
}

interface ShopPlace {
  /** Where it is reached on this machine. */
  readonly url: string
  readonly operatorKey: string
}

export interface RunningShop extends ShopPlace {
  readonly labaUrl: string
  close(): Promise<void>
}

/** A Laba elsewhere that takes longer must not keep anybody from the number that they have. */
const announceMsMax = 500

const labaSecrets = (key: string | undefined, listenSecret: string): Record<string, string> => ({
  ...(key !== undefined && { FLASH_SALE_LABA_KEY: key }),
  FLASH_SALE_LISTEN_SECRET: listenSecret,
})

/** The books' file in a directory. */
export const ledgerPath = (directory: string): string => join(directory, "ledger.sqlite")

export async function startShop(options: ShopOptions): Promise<RunningShop> {
  const { directory, host = "127.0.0.1", log = (line: string) => console.error(line) } = options
  refuseEmpty({
    operatorKey: options.operatorKey,
    listenSecret: options.listenSecret,
    "laba.key": options.laba?.key,
    "laba.hookSecret": options.laba?.hookSecret,
    "webhook.secret": options.webhook?.secret,
    "payments.secret": typeof options.payments === "function" ? undefined : options.payments.secret,
    ...Object.fromEntries((options.jwt?.keys ?? []).map((key, at) => [`jwt.keys.${at}`, key])),
  })
  const owner = own(directory)
  const ledger = Ledger.open(ledgerPath(directory))
  const clock = () => Date.now()
  const counters = new Counters()
  const desks = new Map<Sale, AdmissionQueue>()
  const seal = new TextSigner(secretOf(ledger, "tokens"))
  const demo = options.jwt ? null : new DemoLogin(seal)
  const login = options.jwt ? new ShopTokens(options.jwt) : (demo as DemoLogin)
  const operatorKey = options.operatorKey ?? secretOf(ledger, "operator")
  let onTold: (sale: Sale, told: SaleChanges) => void = () => {}
  const sales = new Sales({
    ledger,
    clock,
    ticks: () => performance.now(),
    webhooks: options.webhook !== undefined,
    onTold: (sale, told) => onTold(sale, told),
  })
  const find = (id: string) => sales.find(id)
  const listenSecret = options.listenSecret ?? secretOf(ledger, "listen")
  const isOwnHost = ownHosts({ host, publicUrl: options.publicUrl })
  let handle: (request: Request) => Response | Promise<Response> = (request) =>
    startingPage(request) ?? responseOf(starting())
  // It listens before anybody can be sent there, and Laba must know where its pages come from. Outside only the front is reached.
  const { frontThreads = 1, port = 0, addressHeader = null } = options
  const { addressAttempts = addressAttemptsDefault } = options
  const pace = new AttemptLimiter(options.pace)
  const addresses =
    addressAttempts > 0 ? new AttemptLimiter({ ...defaultAttemptLimits, attemptsMax: addressAttempts }) : null
  const server = Bun.serve({
    development: false,
    reusePort: false,
    hostname: "127.0.0.1",
    port: 0,
    maxRequestBodySize: answeredBytesMax,
    fetch: (request) => handle(request),
  })
  let enterQueue = (_: Click): Reply | Promise<Reply> => starting()
  let hurry = (): void => {}
  const front = await startFront({
    host,
    port,
    threads: frontThreads,
    shopUrl: `http://127.0.0.1:${server.port}`,
    addressHeader,
    publicUrl: options.publicUrl,
    login: options.jwt ? { jwt: options.jwt } : { secret: secretOf(ledger, "tokens") },
    enter: (click) => enterQueue(click),
    onLate: () => hurry(),
    onFailure(error) {
      log(`flash sale: a click failed: ${String(error)}`)
      return problemOf(failed())
    },
  })
  const url = urlOnThisMachine(host, front.port)
  const provider = providerFor(options.payments, () => `${options.publicUrl ?? url}/api/payments/callback`)
  const cashier: Cashier = new Cashier({
    provider,
    find,
    books: ledger.books,
    log,
    onUnknown: (callback) => retention.refund(callback),
  })
  const conversation = new Conversation({ find, cashier, log, wake: () => loop.wake() })
  const watchers = new ListeningUsers()
  const hooks = visitorHooks({
    find,
    watching: (sale, user, isWatching) => watchers.note(sale, user, isWatching),
    conversation,
    tellNow: (sale, ticket) => tellings.tellNow(sale, ticket),
  })
  const loudspeaker = options.laba
    ? labaElsewhere(options.laba)
    : await labaBeside({
        host,
        port: options.labaPort ?? 0,
        engine: options.labaEngine ?? `sqlite:${join(directory, "laba")}`,
        secret: listenSecret,
        auditKey: auditKey(secretOf(ledger, "audit")),
        origins: pageOrigins(host, url, options.publicUrl),
        hooks,
      })
  const labaUrl = onThisMachine(loudspeaker.url)
  const labaForBuyers = options.publicLaba ?? labaUrl
  noteLaba(directory, labaUrl)
  const tellings: ResultSender = new ResultSender({
    ledger,
    loudspeaker,
    log,
    // Laba beside us takes 20,000 before it refuses, and tells who listens.
    ...(!options.laba && { inFlightMax: 8192, watchers }),
  })
  const broadcasts = new Broadcasts({ loudspeaker, tellings, log })
  const refunds = new Refunds({ ledger, clock, find, webhooks: options.webhook !== undefined })
  const errands = new OutboundTasks({
    refunds,
    ledger,
    clock,
    log,
    find,
    provider,
    webhook: options.webhook ? webhook({ ...options.webhook, clock, books: ledger.books }) : null,
  })
  onTold = (sale, told) => {
    counters.note(sale, told)
    tellings.add(sale, told)
    if (told.soldOutChanged) broadcasts.tell(sale)
  }
  const watchman = new PromiseChecker({
    command: [
      ...[process.execPath, join(import.meta.dir, "main.ts"), "verify", "--json", "--data", directory],
      ...["--laba", labaUrl],
    ],
    env: options.laba ? labaSecrets(options.laba.key, listenSecret) : {},
    log,
    onVerdict: ({ channels }) => {
      if ("behind" in channels) for (const { sale, number } of channels.behind) tellAgain(sale, number)
    },
  })
  const { keepDays = 30, verifySeconds = 15 } = options
  const retention = new Retention({
    ledger,
    sales,
    clock,
    keepMs: keepDays > 0 ? keepDays * 86_400_000 : null,
    isClean: () => verifySeconds === 0 || (watchman.verdict !== null && isClean(watchman.verdict)),
    onPutAway(sale) {
      desks.delete(sale)
      tellings.forget(sale)
      broadcasts.forget(sale)
      counters.forget(sale)
    },
  })
  const tellAgain = (id: string, number: number): void => {
    const sale = find(id)
    const ticket = sale?.book.tickets.get(number)
    if (sale && ticket) tellings.tell(sale, ticket)
  }
  const loop: Loop = new Loop({
    ledger,
    sales,
    desks: () => desks.values(),
    cashier,
    errands,
    tellings,
    broadcasts,
    retention,
    watchman,
    verifySeconds,
    log,
  })
  const shop: Shop = {
    ledger,
    sales,
    cashier,
    login,
    demo,
    operatorKey,
    checker: watchman,
    retention,
    refunds,
    counters,
    addresses,
    addressOf: passedAddress,
    publicUrl: options.publicUrl,
    clock,
    labaUrl: () => labaForBuyers,
    listenToken: (user) => listenToken(listenSecret, user, clock()),
    admissionOf(sale) {
      let desk = desks.get(sale)
      if (!desk) {
        desk = new AdmissionQueue({
          sale,
          seal,
          wake: () => loop.wake(),
          onAttempt: () => tellings.yield(),
          pace,
          addresses,
        })
        desks.set(sale, desk)
      }
      return desk
    },
    ...(options.laba && {
      announced: (sale: Sale, ticket: Ticket) =>
        Promise.race([tellings.arrival(sale, ticket), Bun.sleep(announceMsMax)]),
    }),
    wake: () => loop.wake(),
  }
  const pages = pagesOf(() => labaForBuyers)
  const routed = router({ shop, pages, metrics: () => metrics(shop, tellings, errands), log })
  const hookSecret = options.laba?.hookSecret
  const hook =
    hookSecret === undefined
      ? null
      : labaHook({
          secret: hookSecret,
          clock,
          find,
          conversation,
          holds: (channel) => loudspeaker.holds(channel),
          tell: (sale, ticket) => tellings.arrival(sale, ticket),
        })
  const beside = options.beside?.({ url, operatorKey })
  handle = (request) => {
    if (!isOwnHost(request.headers.get("host"))) return otherHost()
    if (hook && request.url.endsWith(labaHookPath)) return hook(request)
    return beside?.(request) ?? routed(request)
  }
  if (options.warmUp) {
    const warmUp = new WarmUp({ seal, login: demo })
    enterQueue = (click) => warmUp.enter(click) ?? starting()
    await warmUp.run(url).catch((error: unknown) => log(`flash sale: not warmed up: ${String(error)}`))
  }
  enterQueue = (click) => enter(shop, click.sale, click)
  hurry = () => loop.hurry()
  tellings.resume(sales.all)
  loop.start()
  counters.look(sales.all)
  const lookout = setInterval(() => counters.look(sales.all), 1000)
  return {
    url,
    labaUrl,
    operatorKey,
    async close() {
      await front.close()
      await server.stop()
      loop.stop()
      clearInterval(lookout)
      watchman.stop()
      tellings.stop()
      await loudspeaker.close()
      await server.stop(true)
      ledger.close()
      owner[Symbol.dispose]()
    },
  }
}

/** An empty secret would let in whoever shows nothing. */
function refuseEmpty(secrets: Readonly<Record<string, unknown>>): void {
  for (const [name, secret] of Object.entries(secrets)) if (secret === "") throw new Error(`${name} is empty`)
}

/** Where our pages come from. Who listens on every address is reached by names that we cannot know. */
function pageOrigins(host: string, url: string, publicUrl: string | undefined): string[] {
  const { hostname, port } = new URL(url)
  if (isEverywhere(host)) return ["*"]
  const origins = [url, ...(publicUrl === undefined ? [] : [new URL(publicUrl).origin])]
  return hostname === "127.0.0.1" ? [...origins, `http://localhost:${port}`] : origins
}
