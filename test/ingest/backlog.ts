// A million messages wait at a source, and the engine stands still half of the time: does memory stay bounded, and is anything lost?
// Prints a JSON line and exits with 1 when something was. `--source rabbitmq --messages 100000` tries another, with fewer.
import { readFlags } from "../../bench/measure/flags.ts"
import { needs } from "../needs.mjs"
import type { Written } from "./driver.ts"
import { drivers } from "./drivers/drivers.ts"
import { IngestNodes } from "./ingest-nodes.ts"

const flags = readFlags({
  messages: 1_000_000,
  source: "kafka",
  /** How long Redis stands still, and then answers, in milliseconds. */
  pause: 200,
  /** How much the node may grow while it catches up, in MiB. What is no longer needed stays for a while: it goes up and down by 150. */
  growth: 384,
})

const keys = 20
const batch = 5000
const inFlight = 1000

const driver = drivers[flags.source]
const finders = needs as unknown as Record<
  string,
  { readonly missing: string; find(): Record<string, string> | null }
>
const need = driver && finders[driver.needs]
const environment = need?.find()
if (!driver || !environment) {
  console.log(JSON.stringify({ backlog: flags.source, untried: `there is ${need?.missing}` }))
  process.exit(0)
}
Object.assign(process.env, environment)

await using source = await driver.start()
for (let from = 0; from < flags.messages; from += batch) {
  const some: Written[] = []
  for (let at = from; at < Math.min(flags.messages, from + batch); at++) {
    const [key, n] = [`k${at % keys}`, Math.floor(at / keys)]
    some.push({ key, id: `${key}-${n}`, body: JSON.stringify({ key, n }) })
  }
  await source.produce(some)
}

const ingest = { ...source.ingest, to: "/orders/{json.key}", inFlight: { messages: inFlight } }
await using nodes = await IngestNodes.start("redis", ingest, { count: 1, redis: { historyBytesMax: "4GB" } })
const figure = async (name: string): Promise<number> => {
  const text = await (await fetch(`${nodes.nodes[0]?.base}/_/metrics`)).text()
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "m").exec(text)?.[1])
}
const began = performance.now()
const mebibytes = async (): Promise<number> => (await figure("laba_resident_memory_bytes")) / 1024 ** 2
const first = await mebibytes()
let [most, mostInFlight] = [first, 0]
while ((await source.unacknowledged().catch(() => Infinity)) > 0) {
  for (let turn = 0; turn < 5; turn++) {
    nodes.redis?.pause()
    await Bun.sleep(flags.pause)
    most = Math.max(most, await mebibytes())
    mostInFlight = Math.max(mostInFlight, await figure("laba_ingest_in_flight"))
    nodes.redis?.resume()
    await Bun.sleep(flags.pause)
  }
}
const seconds = Math.round((performance.now() - began) / 1000)
let [lost, wrong] = [0, 0]
for (let key = 0; key < keys; key++) {
  const numbers = (await nodes.published(`/orders/k${key}`)).map((data) => (data as { n: number }).n)
  const due = Math.ceil((flags.messages - key) / keys)
  lost += Math.max(0, due - new Set(numbers).size)
  wrong += numbers.filter((n, at) => n !== at).length
}
const grown = Math.round(most - first)
const findings = [
  ...(lost > 0 ? [`lost: ${lost}`] : []),
  ...(wrong > 0 ? [`twice or out of order: ${wrong}`] : []),
  ...(grown > flags.growth ? [`the node grew by ${grown} MiB`] : []),
]
console.log(
  JSON.stringify({
    backlog: flags.source,
    messages: flags.messages,
    seconds,
    grownMiB: grown,
    mostInFlight,
    lost,
    wrong,
    findings,
  }),
)
process.exitCode = findings.length > 0 ? 1 : 0
