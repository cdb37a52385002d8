// Puts a desk together: books, pushes, HTTP, and the clock that drives what happens by itself. Several may run over one
// database: whatever they hold in memory can be lost.
import { askedUrl } from "../house/asked-url.ts"
import type { Database } from "./books/database.ts"
import { answer } from "./http/answers.ts"
import type { Desk } from "./http/desk.ts"
import { LoginAttempts } from "./http/login-attempts.ts"
import { router } from "./http/router.ts"
import type { Patience } from "./model/shop.ts"
import { labaApi } from "./push/laba-api.ts"
import { strikeOutGone, sweep } from "./push/sweep.ts"
import { Tellings } from "./push/tellings.ts"
import { labaKeyOf, type Secrets } from "./secrets.ts"

interface DeskOptions {
  readonly books: Database
  readonly secrets: Secrets
  readonly patience: Patience
  readonly host: string
  readonly port: number
  /** Where pages find Laba, when that is not where we find it. */
  readonly publicLaba: string | null
  readonly demoPassword: string | null
  readonly log: (line: string) => void
}

interface RunningDesk {
  /** Where we are found on this machine. */
  readonly url: string
  /** From here on the desk works: it knows where Laba is. Before it answers 503. */
  begin(labaUrl: string): void
  close(): Promise<void>
}

/** How often time is looked at: a reminder that comes a second late is on time. */
const sweepMs = 500

/** How often Laba is asked about all connections in the books. It tells of their ends by itself; this is the net below. */
const strikeOutMs = 15_000

/** A bill of thirty dishes is three kilobytes. */
const bodyBytesMax = 32_768

export async function startDesk(options: DeskOptions): Promise<RunningDesk> {
  const { books, secrets, patience, host, port, publicLaba, demoPassword, log } = options
  const clock = () => Date.now()
  let labaUrl: string | null = null
  const loudspeaker = labaApi({ url: () => labaUrl ?? "", key: labaKeyOf(secrets) })
  const tellings = new Tellings({ books, loudspeaker, log })
  const desk: Desk = {
    books,
    secrets,
    attempts: new LoginAttempts(clock),
    clock,
    loudspeaker,
    labaFor: (request) => publicLaba ?? seenFrom(request, loudspeaker.url),
    wake: () => tellings.wake(),
    demoPassword,
  }
  const handle = router({ desk, log })
  const server = Bun.serve({
    development: false,
    reusePort: false,
    hostname: host,
    port,
    maxRequestBodySize: bodyBytesMax,
    fetch(request, bun) {
      if (labaUrl === null) return answer({ detail: "The desk is starting." }, 503, { "Retry-After": "1" })
      return handle(request, bun.requestIP(request)?.address ?? "")
    },
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
  const looking = { books, loudspeaker, patience, clock }
  return {
    url: `http://${isEverywhere(host) ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host}:${server.port}`,
    begin(url) {
      labaUrl = url
      // Not before the first look at what is really there: a desk that was away knows connections that are long gone.
      let known = false
      every(strikeOutMs, async () => {
        await strikeOutGone(looking).finally(() => (known = true))
      })
      every(sweepMs, async () => {
        if (known && (await sweep(looking))) tellings.wake()
      })
      tellings.wake()
    },
    async close() {
      for (const timer of timers) clearInterval(timer)
      await server.stop()
      await tellings.stop()
      await server.stop(true)
    },
  }
}

/** Hosts that mean every address of this machine. */
export const isEverywhere = (host: string): boolean => host === "0.0.0.0" || host === "::"

/** Who has found us by some name finds a Laba on this machine by the same name. */
function seenFrom(request: Request, labaUrl: string): string {
  const url = new URL(labaUrl)
  const name = askedUrl(request)?.hostname ?? url.hostname
  if (url.hostname !== "127.0.0.1" || name === "localhost") return labaUrl
  url.hostname = name
  return url.href.replace(/\/$/, "")
}
