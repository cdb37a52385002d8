// The desk as it is started from the command line: what is not given is started beside it, and three shops are there.
import { randomBytes } from "node:crypto"
import { join } from "node:path"
import { secretIn } from "../house/secret.ts"
import { openDatabase } from "./books/open-database.ts"
import { addShops } from "./books/shops.ts"
import { demoShops } from "./model/menu.ts"
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
  /** Said once, when the shops are made: only its hash is kept. Null where they were there. */
  readonly password: string | null
  close(): Promise<void>
}

/** Of the demo shops on one's own machine, where their login is for trying out. */
const openPassword = "laba"

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host.startsWith("127.")

export async function demoDesk(options: DemoOptions): Promise<DemoDesk> {
  const { directory, host, port, labaPort, patience, log } = options
  const secrets = secretsIn(directory, process.env)
  const books = await openDatabase(options.database ?? `sqlite:${join(directory, "takeaway.sqlite")}`)
  // Where others can reach us, nobody may log in with a password that stands in the source.
  const demoPassword = isLoopback(host) ? openPassword : null
  const password = demoPassword ?? secretIn("TAKEAWAY_SHOP_PASSWORD") ?? randomBytes(9).toString("base64url")
  let hash: Promise<string> | null = null
  const added = await addShops(books, demoShops, () => (hash ??= Bun.password.hash(password)))
  const publicLaba = options.publicLaba?.replace(/\/+$/, "") ?? null
  const desk = await startDesk({ books, secrets, patience, host, port, publicLaba, demoPassword, log })
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
    password: added.length > 0 || demoPassword !== null ? password : null,
    async close() {
      // Laba first: it tells the desk which connections end with it.
      await laba?.close()
      await desk.close()
      await books.close()
    },
  }
}
