// The command line: `takeaway` starts all of it; `takeaway laba` is the Laba for it alone, for desks that are elsewhere.
import { join } from "node:path"
import type { parseArgs } from "node:util"
import { serve } from "laba"
import {
  addressIn,
  folderIn,
  hostIn,
  ifGiven,
  UsageError,
  networksIn,
  portIn,
  readFlags,
  runCommand,
  secondsIn,
} from "../kit/command/command-line.ts"
import { keptPort } from "../kit/command/kept-port.ts"
import { requireHttpsFromHttps } from "../kit/command/https-from-https.ts"
import { stopBySignal } from "../kit/command/ports-and-signals.ts"
import { demoTakeaway } from "./demo.ts"
import { defaultTimeouts } from "./model/shop.ts"
import { labaConfig } from "./push/laba-config.ts"
import { secretsIn } from "./secrets.ts"

const usage = `takeaway [serve]          run the desk with three shops, and a Laba beside it unless told otherwise
  --data DIR              where books, secrets and Laba's memory are (default ./data/takeaway)
  --database URL          the books elsewhere: postgres://…, or sqlite:PATH
  --host, --port          where to listen (default 127.0.0.1, 8091; 0 is any free port)
  --laba-port             where Laba listens (default: where it was last on this folder, at first 8092; a free one where that
                          is taken)
  --laba URL              Laba elsewhere, with the same secrets (--data, or TAKEAWAY_…_SECRET)
  --public URL            where pages come from, behind a proxy
  --public-laba URL       where pages find Laba, behind a proxy; needed where they come by https
  --proxies NETWORK       whose X-Forwarded-For is believed, such as 10.0.0.0/8; may be given more than once (default: with
                          --public, proxies on this machine)
  --remind-seconds        how long nobody looks at a bill before the kitchen is rung again (default 30)
  --lapse-seconds         how long before it ends as refused (default 600)
  --forget-seconds        how long nobody says more of a bill in the works before it ends, too (default 14400)
  --grace-seconds         how long a shop stays open when its last kitchen has gone (default 30)
takeaway laba             run only Laba, set up for a desk (--data, --host, --port)
  --desk URL              the desk whose functions it calls
  --engine ENGINE         memory, or sqlite:DIR (default, in --data)
  --origin URL            where pages may come from beside the desk; may be given more than once`

const options = {
  data: { type: "string", default: "data/takeaway" },
  database: { type: "string" },
  host: { type: "string", default: "127.0.0.1" },
  port: { type: "string" },
  laba: { type: "string" },
  "laba-port": { type: "string" },
  public: { type: "string" },
  "public-laba": { type: "string" },
  proxies: { type: "string", multiple: true },
  desk: { type: "string" },
  engine: { type: "string" },
  origin: { type: "string", multiple: true },
  "remind-seconds": { type: "string" },
  "lapse-seconds": { type: "string" },
  "forget-seconds": { type: "string" },
  "grace-seconds": { type: "string" },
  help: { type: "boolean", default: false },
} as const

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>["values"]

await runCommand("takeaway", async () => {
  const { values, positionals } = readFlags({ allowPositionals: true, options })
  const [command = "serve"] = positionals
  if (values.help) console.log(usage)
  else if (command === "serve") await serveCommand(values)
  else if (command === "laba" && values.desk !== undefined) await labaCommand(values, values.desk)
  else throw new UsageError(command === "laba" ? "laba needs --desk URL" : `there is no command ${command}`)
})

async function serveCommand(values: Values): Promise<void> {
  const directory = folderIn("data", values.data)
  const host = hostIn("host", values.host)
  requireHttpsFromHttps({
    publicUrl: values.public,
    flag: "public-laba",
    url: values["public-laba"] ?? values.laba,
  })
  const takeaway = await demoTakeaway({
    directory,
    database: databaseIn(values.database),
    host,
    port: ifGiven(portIn, "port", values.port) ?? 8091,
    laba: ifGiven(addressIn, "laba", values.laba),
    publicUrl: ifGiven(addressIn, "public", values.public),
    publicLaba: ifGiven(addressIn, "public-laba", values["public-laba"]),
    proxies: ifGiven(networksIn, "proxies", values.proxies),
    timeouts: {
      remindMs: millisecondsOf("remind-seconds", values, defaultTimeouts.remindMs),
      lapseMs: millisecondsOf("lapse-seconds", values, defaultTimeouts.lapseMs),
      forgetMs: millisecondsOf("forget-seconds", values, defaultTimeouts.forgetMs),
      graceMs: millisecondsOf("grace-seconds", values, defaultTimeouts.graceMs),
    },
    // Last, since it is written down.
    labaPort:
      ifGiven(portIn, "laba-port", values["laba-port"]) ??
      keptPort({ folder: directory, name: "laba", host, wish: 8092 }),
    log: (line) => console.error(line),
  })
  stopBySignal(() => takeaway.close())
  console.log(`The takeaway desk is at ${takeaway.url}; kitchens are at ${takeaway.url}/kitchen`)
  if (takeaway.password !== null) console.log(`The demo shops' password is ${takeaway.password}`)
  console.log(`Laba is at ${takeaway.labaUrl}`)
}

async function labaCommand(values: Values, deskUrl: string): Promise<void> {
  const directory = folderIn("data", values.data)
  const host = hostIn("host", values.host)
  const engine = engineIn(values)
  const port = ifGiven(portIn, "port", values.port) ?? 8092
  const origins = (values.origin ?? []).map((origin) =>
    // Of a desk at every address: names by which it is reached cannot be known.
    origin === "*" ? origin : addressIn("origin", origin),
  )
  addressIn("desk", deskUrl)
  const secrets = secretsIn(directory, process.env)
  const laba = await serve(labaConfig({ host, port, engine, secrets, deskUrl, origins }))
  stopBySignal(() => laba.close())
  console.log(`Laba for the takeaway desk is at ${laba.url}`)
}

function millisecondsOf(
  flag: "remind-seconds" | "lapse-seconds" | "forget-seconds" | "grace-seconds",
  values: Values,
  otherwise: number,
): number {
  return (ifGiven(secondsIn, flag, values[flag]) ?? otherwise / 1000) * 1000
}

/** Not the whole of it is said again when it is none: it may hold a password. */
function databaseIn(url: string | undefined): string | undefined {
  if (url === undefined || /^(sqlite:.|postgres(ql)?:\/\/.)/.test(url)) return url
  throw new UsageError("--database is sqlite:PATH or postgres://user:password@host/database")
}

function engineIn(values: Values): string {
  const { engine = `sqlite:${join(values.data, "laba")}` } = values
  if (engine === "memory" || /^sqlite:./.test(engine)) return engine
  throw new UsageError(`--engine is memory or sqlite:DIR, not "${engine}"`)
}
