// The command line: `takeaway` starts all of it; `takeaway laba` is the Laba for it alone, for desks that are elsewhere.
import { join } from "node:path"
import type { parseArgs } from "node:util"
import { serve } from "laba"
import { addressIn, Misuse, orSayWhy, portIn, readFlags, secondsIn } from "../house/command-line.ts"
import { demoDesk } from "./demo.ts"
import { patience } from "./model/shop.ts"
import { listeningLine } from "./push/laba-beside.ts"
import { labaConfig } from "./push/laba-config.ts"
import { secretsIn } from "./secrets.ts"

const usage = `takeaway [serve]          run the desk with three shops, and a Laba beside it unless told otherwise
  --data DIR              where books, secrets and Laba's memory are (default ./data/takeaway)
  --database URL          the books elsewhere: postgres://…, or sqlite:PATH
  --host, --port          where to listen (default 127.0.0.1, 8091; 0 is any free port)
  --laba-port             where Laba listens (default 8092, or any free one where that is taken)
  --laba URL              Laba elsewhere, with the same secrets (--data, or TAKEAWAY_…_SECRET)
  --public URL            where pages come from, behind a proxy
  --public-laba URL       where pages find Laba, behind a proxy
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

await orSayWhy("takeaway", async () => {
  const { values, positionals } = readFlags({ allowPositionals: true, options })
  const [command = "serve"] = positionals
  if (values.help) console.log(usage)
  else if (command === "serve") await serveCommand(values)
  else if (command === "laba" && values.desk !== undefined) await labaCommand(values, values.desk)
  else throw new Misuse(command === "laba" ? "laba needs --desk URL" : `there is no command ${command}`)
})

async function serveCommand(values: Values): Promise<void> {
  const desk = await demoDesk({
    directory: values.data,
    database: databaseIn(values.database),
    host: values.host,
    port: portOf("port", values) ?? 8091,
    laba: optionalAddress("laba", values.laba),
    labaPort: portOf("laba-port", values) ?? freePort(values.host, 8092),
    publicUrl: optionalAddress("public", values.public),
    publicLaba: optionalAddress("public-laba", values["public-laba"]),
    patience: {
      remindMs: millisecondsOf("remind-seconds", values, patience.remindMs),
      lapseMs: millisecondsOf("lapse-seconds", values, patience.lapseMs),
      forgetMs: millisecondsOf("forget-seconds", values, patience.forgetMs),
      graceMs: millisecondsOf("grace-seconds", values, patience.graceMs),
    },
    log: (line) => console.error(line),
  })
  stopBySignal(() => desk.close())
  console.log(`The takeaway desk is at ${desk.url}; kitchens are at ${desk.url}/kitchen`)
  if (desk.password !== null) console.log(`The demo shops' password is ${desk.password}`)
  console.log(`Laba is at ${desk.labaUrl}`)
}

async function labaCommand(values: Values, deskUrl: string): Promise<void> {
  const { host } = values
  const engine = engineIn(values)
  const port = portOf("port", values) ?? 8092
  const origins = (values.origin ?? []).map((origin) =>
    // Of a desk at every address: names by which it is reached cannot be known.
    origin === "*" ? origin : addressIn("origin", origin),
  )
  addressIn("desk", deskUrl)
  const secrets = secretsIn(values.data, process.env)
  const laba = await serve(labaConfig({ host, port, engine, secrets, deskUrl, origins }))
  stopBySignal(() => laba.close())
  console.log(listeningLine(laba.url))
}

function portOf(flag: "port" | "laba-port", values: Values): number | null {
  const text = values[flag]
  return text === undefined ? null : portIn(flag, text)
}

function millisecondsOf(
  flag: "remind-seconds" | "lapse-seconds" | "forget-seconds" | "grace-seconds",
  values: Values,
  otherwise: number,
): number {
  const text = values[flag]
  return text === undefined ? otherwise : secondsIn(flag, text) * 1000
}

function optionalAddress(flag: string, text: string | undefined): string | undefined {
  return text === undefined ? undefined : addressIn(flag, text)
}

/** Not the whole of it is said again when it is none: it may hold a password. */
function databaseIn(url: string | undefined): string | undefined {
  if (url === undefined || /^(sqlite:.|postgres(ql)?:\/\/.)/.test(url)) return url
  throw new Misuse("--database is sqlite:PATH or postgres://user:password@host/database")
}

function engineIn(values: Values): string {
  const { engine = `sqlite:${join(values.data, "laba")}` } = values
  if (engine === "memory" || /^sqlite:./.test(engine)) return engine
  throw new Misuse(`--engine is memory or sqlite:DIR, not "${engine}"`)
}

/** The port, or 0 where somebody has it already. */
function freePort(hostname: string, port: number): number {
  try {
    void Bun.serve({
      development: false,
      reusePort: false,
      port,
      hostname,
      fetch: () => new Response(),
    }).stop(true)
    return port
  } catch {
    return 0
  }
}

function stopBySignal(close: () => Promise<void>): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void close().then(() => process.exit(0)))
}
