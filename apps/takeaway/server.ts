// Puts a takeaway together: database, pushes, HTTP, and the clock that drives what happens by itself. Several may run over one
// database: whatever they hold in memory can be lost.
import { startAppServer } from "../kit/http/app-server.ts"
import type { GuardOptions } from "../kit/http/guard.ts"
import { pageAnswer } from "../kit/http/page-files.ts"
import { reachableUrl } from "../kit/http/reachable-url.ts"
import type { Database } from "./database/database.ts"
import { LoginAttempts } from "./http/login-attempts.ts"
import { pages } from "./http/pages.ts"
import { routes } from "./http/routes.ts"
import type { Takeaway } from "./http/takeaway.ts"
import type { Timeouts } from "./model/shop.ts"
import { httpLabaPush } from "./push/http-laba-push.ts"
import { Notifier } from "./push/notifier.ts"
import { removeGoneConnections, sweep } from "./push/sweep.ts"
import { labaKeyOf, type Secrets } from "./secrets.ts"

interface TakeawayOptions extends GuardOptions {
  readonly database: Database
  readonly secrets: Secrets
  readonly timeouts: Timeouts
  readonly port: number
  /** Where pages find Laba, when that is not where we find it. */
  readonly publicLaba: string | undefined
  readonly demoPassword: string | null
  readonly log: (line: string) => void
}

interface RunningTakeaway {
  /** Where it is found on this machine. */
  readonly url: string
  /** From here on it works: it knows where Laba is. Before it answers 503. */
  begin(labaUrl: string): void
  close(): Promise<void>
}

/** How often time is looked at: a reminder that comes a second late is on time. */
const sweepMs = 500

/** How often Laba is asked about all connections in the database. It tells of their ends by itself; this is the net below. */
const removeGoneMs = 15_000

/** A bill of thirty dishes is three kilobytes. */
const bodyBytesMax = 32_768

export function startTakeaway(options: TakeawayOptions): RunningTakeaway {
  const { database, secrets, timeouts, publicLaba, demoPassword, log } = options
  const clock = () => Date.now()
  let labaUrl: string | null = null
  const labaPush = httpLabaPush({
    get url() {
      return labaUrl ?? ""
    },
    key: labaKeyOf(secrets),
  })
  const notifier = new Notifier({ database, labaPush, log })
  const takeaway: Takeaway = {
    database,
    secrets,
    attempts: new LoginAttempts(clock),
    clock,
    labaPush,
    labaFor: ({ url }) => publicLaba ?? reachableUrl(labaPush.url, url.hostname),
    wake: () => notifier.wake(),
    demoPassword,
  }
  const server = startAppServer({
    ...options,
    name: "takeaway",
    bodyBytesMax,
    routes,
    pageAt: (path) => pageAnswer(pages, path, takeaway.labaFor),
    context: () => (labaUrl === null ? null : takeaway),
  })
  const timers: ReturnType<typeof setInterval>[] = []
  const every = (ms: number, work: () => Promise<void>): void => {
    let running = false
    const turn = async (): Promise<void> => {
      if (running) return
      running = true
      await work().catch((error: unknown) => log(`takeaway: ${String(error)}`))
      running = false
    }
    timers.push(setInterval(() => void turn(), ms))
    void turn()
  }
  const swept = { database, labaPush, timeouts, clock }
  return {
    url: server.url,
    begin(url) {
      labaUrl = url
      // Not before the first look at what is really there: one that was away knows connections that are long gone.
      let known = false
      every(removeGoneMs, async () => {
        await removeGoneConnections(swept).finally(() => (known = true))
      })
      every(sweepMs, async () => {
        if (known && (await sweep(swept))) notifier.wake()
      })
      notifier.wake()
    },
    async close() {
      for (const timer of timers) clearInterval(timer)
      await server.stop()
      await notifier.stop()
      await server.stop(true)
    },
  }
}
