// The desk as it is started from the command line: what is not given is started beside it, and three shops are there.
import { join } from "node:path"
import { isLoopbackHost } from "../house/loopback-host.ts"
import { secretIn } from "../house/secret.ts"
import { openDatabase } from "./books/open-database.ts"
import { settleDemoPassword } from "./demo-password.ts"
import type { Patience } from "./model/shop.ts"
import { labaBeside } from "./push/laba-beside.ts"
import { secretsIn } from "./secrets.ts"
import { isEverywhere, startDesk } from "./server.ts"

export interface DemoOptions {
  readonly directory: string
  /** Default: SQLite in the directory. */
  readonly database: string | undefined
  readonly host: string
  readonly port: number
  /** Laba elsewhere, set up with `main.ts laba`. Default: one beside this process. */
  readonly laba: string | undefined
  readonly labaPort: number
  /** Where pages come from and where they find Laba, behind a proxy. */
  readonly publicUrl: string | undefined
  readonly publicLaba: string | undefined
  readonly patience: Patience
  readonly log: (line: string) => void
}

export interface DemoDesk {
  readonly url: string
  readonly labaUrl: string
  /** The demo shops' password, where it is to be said: the open one, or one that was made now. */
  readonly password: string | null
  close(): Promise<void>
}

export async function demoDesk(options: DemoOptions): Promise<DemoDesk> {
  const { directory, host, port, labaPort, patience, log } = options
  const secrets = secretsIn(directory, process.env)
  const books = await openDatabase(options.database ?? `sqlite:${join(directory, "takeaway.sqlite")}`)
  const password = await settleDemoPassword(books, {
    isReachable: !isLoopbackHost(host) || options.publicUrl !== undefined || options.publicLaba !== undefined,
    given: secretIn("TAKEAWAY_SHOP_PASSWORD"),
  })
  if (password.replacedOpen)
    log("takeaway: others can reach this desk now, so the demo shops have a new password")
  const publicLaba = options.publicLaba?.replace(/\/+$/, "") ?? null
  const desk = await startDesk({
    books,
    secrets,
    patience,
    host,
    port,
    publicLaba,
    demoPassword: password.open,
    log,
  })
  // Whoever can reach us under any name may listen; what they hear is in their token, and no cookie counts at Laba.
  const origin = options.publicUrl ?? (isEverywhere(host) ? "*" : null)
  const laba =
    options.laba === undefined
      ? await labaBeside({
          words: [
            ...["--data", directory, "--host", host, "--desk", desk.url],
            ...(origin === null ? [] : ["--origin", origin]),
          ],
          port: labaPort,
          environment: {
            TAKEAWAY_HOOKS_SECRET: secrets.hooks,
            TAKEAWAY_KEY_SECRET: secrets.key,
            TAKEAWAY_TOKENS_SECRET: secrets.tokens,
          },
          log,
        })
      : null
  const labaUrl =
    laba?.url.replace(/0\.0\.0\.0|\[::\]/, "127.0.0.1") ?? (options.laba as string).replace(/\/+$/, "")
  desk.begin(labaUrl)
  return {
    url: desk.url,
    labaUrl,
    password: password.open ?? password.made,
    async close() {
      // Laba first: it tells the desk which connections end with it.
      await laba?.close()
      await desk.close()
      await books.close()
    },
  }
}
