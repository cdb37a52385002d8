// The takeaway as it is started from the command line: what is not given is started beside it, and three shops are there.
import { join } from "node:path"
import { isLoopbackAddress } from "laba"
import { secretIn } from "../kit/command/secret.ts"
import type { GuardOptions } from "../kit/http/guard.ts"
import { isEverywhere, onThisMachine } from "../kit/http/reachable-url.ts"
import { startLabaProcess } from "../kit/laba/laba-process.ts"
import { openDatabase } from "./database/open-database.ts"
import { settleDemoPassword } from "./demo-password.ts"
import type { Timeouts } from "./model/shop.ts"
import { secretsIn } from "./secrets.ts"
import { startTakeaway } from "./server.ts"

export interface DemoOptions extends GuardOptions {
  readonly directory: string
  /** Default: SQLite in the directory. */
  readonly database: string | undefined
  readonly port: number
  /** Laba elsewhere, set up with `main.ts laba`. Default: one beside this process. */
  readonly laba: string | undefined
  readonly labaPort: number
  /** Where pages find Laba, behind a proxy. */
  readonly publicLaba: string | undefined
  readonly timeouts: Timeouts
  readonly log: (line: string) => void
}

export interface DemoTakeaway {
  readonly url: string
  readonly labaUrl: string
  /** The demo shops' password, where it is to be said: the open one, or one that was made now. */
  readonly password: string | null
  close(): Promise<void>
}

export async function demoTakeaway(options: DemoOptions): Promise<DemoTakeaway> {
  const { directory, host, labaPort, publicUrl, log } = options
  const secrets = secretsIn(directory, process.env)
  const database = await openDatabase(options.database ?? `sqlite:${join(directory, "takeaway.sqlite")}`)
  const password = await settleDemoPassword(database, {
    isReachable: !isLoopbackAddress(host) || publicUrl !== undefined || options.publicLaba !== undefined,
    given: secretIn("TAKEAWAY_SHOP_PASSWORD"),
  })
  if (password.replacedOpen)
    log("takeaway: others can reach this desk now, so the demo shops have a new password")
  const takeaway = startTakeaway({
    ...options,
    database,
    secrets,
    publicLaba: options.publicLaba?.replace(/\/+$/, ""),
    demoPassword: password.open,
  })
  // Whoever can reach us under any name may listen; what they hear is in their token, and no cookie counts at Laba.
  const origin = publicUrl ?? (isEverywhere(host) ? "*" : null)
  const laba =
    options.laba === undefined
      ? await startLabaProcess({
          name: "takeaway",
          program: [
            ...[join(import.meta.dir, "main.ts"), "laba", "--data", directory, "--host", host],
            ...["--desk", takeaway.url, ...(origin === null ? [] : ["--origin", origin])],
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
  const labaUrl = laba ? onThisMachine(laba.url) : (options.laba as string).replace(/\/+$/, "")
  takeaway.begin(labaUrl)
  return {
    url: takeaway.url,
    labaUrl,
    password: password.open ?? password.made,
    async close() {
      // Laba first: it tells us which connections end with it.
      await laba?.close()
      await takeaway.close()
      await database.close()
    },
  }
}
