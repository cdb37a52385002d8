// What does it cost to keep what is published? The engines memory and sqlite beside each other, in one run.
// First the engine alone, called in this process; then the whole server over HTTP, without listeners and with a thousand.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Channel } from "../src/channels/channel.ts"
import type { Engine } from "../src/engines/engine.ts"
import { MemoryEngine } from "../src/engines/memory/memory-engine.ts"
import { SqliteEngine } from "../src/engines/sqlite/sqlite-engine.ts"
import { defaultLimits } from "../wire/limits.ts"
import { Crowd } from "./load/crowd.ts"
import { Latency } from "./load/latency.ts"
import { measureRun } from "./load/run.ts"
import { Tally } from "./load/tally.ts"
import { readFlags } from "./measure/flags.ts"
import { machine, printLine, printTable, warnOfOthers } from "./measure/report.ts"
import { inLine, rounded, spreadOf, spreadOfRatios } from "./measure/spread.ts"
import { peersHere } from "./peers/all.ts"

const flags = readFlags({
  engines: ["memory", "sqlite"],
  /** Publishes in flight. */
  depths: [1, 64, 512],
  listeners: 1000,
  /** Publishes in flight while a thousand listen. */
  fanOutDepths: [1, 64],
  /** Channels that are published to in turn where it is not one. */
  channels: 50_000,
  rounds: 5,
  seconds: 3,
  warmSeconds: 1,
  messageBytes: 120,
  /** Where the database is: the disk that is measured. */
  directory: tmpdir(),
})

/** One question, asked of each engine in each round. */
interface Figures {
  readonly perSecond: number
  readonly answerP50Ms: number
  readonly answerP99Ms: number
  readonly heldP99Ms: number
  readonly heldMaxMs: number
  /** Microseconds of the process for each publish, or each delivery where somebody listens. */
  readonly cpu: number
}

const keep = { count: 100, bytes: 256 * 1024 * 1024, timeMs: 60_000 }
const answers = new Map<string, Map<string, Figures[]>>()
const others: number[] = []
let faults = 0

printLine("engines", { machine: machine(), flags })
for (let round = 1; round <= flags.rounds; round++) {
  for (const name of flags.engines) {
    for (const one of [true, false]) {
      for (const depth of flags.depths)
        note(
          `engine alone, ${placeOf(one)}, ${depth} in flight`,
          name,
          round,
          await aloneOf(name, one, depth),
        )
      for (const depth of flags.depths)
        note(`server, ${placeOf(one)}, ${depth} in flight`, name, round, await serverOf(name, one, depth, 0))
    }
    for (const depth of flags.fanOutDepths) {
      const question = `server, ${flags.listeners} listeners, ${depth} in flight`
      note(question, name, round, await serverOf(name, true, depth, flags.listeners))
    }
  }
}
warnOfOthers(others)
const [base = "memory"] = flags.engines
for (const name of flags.engines.slice(1)) tableOf(name)
if (faults > 0) process.exitCode = 1

function placeOf(one: boolean): string {
  return one ? "one channel" : `${flags.channels} channels`
}

function note(question: string, engine: string, round: number, figures: Figures): void {
  const byEngine = answers.get(question) ?? new Map<string, Figures[]>()
  answers.set(question, byEngine)
  byEngine.set(engine, [...(byEngine.get(engine) ?? []), figures])
  const figuresRounded = Object.entries(figures).map(([name, figure]) => [name, rounded(figure)])
  printLine("engines", { question, engine, round, ...Object.fromEntries(figuresRounded) })
}

function tableOf(engine: string): void {
  const rows = [...answers].map(([question, byEngine]) => {
    const these = byEngine.get(engine) ?? []
    const those = byEngine.get(base) ?? []
    const median = (name: keyof Figures, of = these) =>
      String(rounded(spreadOf(of.map((each) => each[name])).median) ?? "")
    const ratio = (name: keyof Figures) => {
      const spread = spreadOfRatios(
        these.map((each) => each[name]),
        those.map((each) => each[name]),
      )
      const [middle, min, max] = inLine(spread)
      return `${middle} [${min}, ${max}]`
    }
    return [
      question,
      `${median("perSecond", those)} / ${median("perSecond")}`,
      ratio("perSecond"),
      `${median("cpu", those)} / ${median("cpu")}`,
      ratio("cpu"),
      `${median("answerP50Ms")} / ${median("answerP99Ms")}`,
      `${median("heldP99Ms", those)} / ${median("heldP99Ms")}`,
      `${median("heldMaxMs", those)} / ${median("heldMaxMs")}`,
    ]
  })
  const pair = `${base} / ${engine}`
  printTable(
    `${engine} beside ${base}: medians of ${flags.rounds} rounds, ratios with their spread`,
    [
      "where",
      `a second, ${pair}`,
      "ratio",
      `CPU µs, ${pair}`,
      "ratio",
      `answer p50 / p99 ms, ${engine}`,
      `held p99 ms, ${pair}`,
      `held max ms, ${pair}`,
    ],
    rows,
  )
}

/** The engine without a server: what a publish costs by itself. */
async function aloneOf(name: string, one: boolean, depth: number): Promise<Figures> {
  const directory = mkdtempSync(join(flags.directory, "bench-engine-"))
  const events = { deliver: () => undefined, lost: () => undefined }
  const limits = defaultLimits
  const engine: Engine =
    name === "sqlite" ? new SqliteEngine(events, { directory, limits }) : new MemoryEngine(events, { limits })
  const data = "x".repeat(flags.messageBytes)
  const latency = new Latency()
  const held = new Latency()
  let count = 0
  // An engine that answers at once has one in flight, whoever publishes.
  const loops = name === "memory" ? 1 : depth
  const publishers = async (seconds: number): Promise<number> => {
    const began = performance.now()
    const end = began + seconds * 1000
    const before = count
    await Promise.all(
      Array.from({ length: loops }, async () => {
        while (performance.now() < end) {
          const number = ++count
          const channel = `/bench/${one ? "one" : number % flags.channels}` as Channel
          const id = `bench.${number.toString(36)}`
          const draft = { channel, type: "text/plain", data, bytes: data.length, id }
          const start = performance.now()
          const receipt = engine.publish(draft, keep)
          if (receipt instanceof Promise) await receipt
          // It never lets the loop turn, either.
          else if (number % 64 === 0) await new Promise((resolve) => void setImmediate(resolve))
          latency.add(performance.now() - start)
        }
      }),
    )
    return ((count - before) / (performance.now() - began)) * 1000
  }
  await publishers(flags.warmSeconds)
  latency.clear()
  const stop = watchLoop(held)
  const cpuBefore = process.cpuUsage()
  const counted = count
  const perSecond = await publishers(flags.seconds)
  const { user, system } = process.cpuUsage(cpuBefore)
  stop()
  await engine.close()
  rmSync(directory, { recursive: true, force: true })
  return {
    perSecond,
    answerP50Ms: latency.percentileMs(0.5),
    answerP99Ms: latency.percentileMs(0.99),
    heldP99Ms: held.percentileMs(0.99),
    heldMaxMs: held.maxMs,
    cpu: (user + system) / (count - counted),
  }
}

/** How late a timer is that should fire each millisecond. */
function watchLoop(held: Latency): () => void {
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    held.add(Math.max(0, now - last - 1))
    last = now
  }, 1)
  return () => clearInterval(timer)
}

async function serverOf(name: string, one: boolean, depth: number, listeners: number): Promise<Figures> {
  const directory = mkdtempSync(join(flags.directory, "bench-engine-"))
  const config = { engine: name === "sqlite" ? `sqlite:${directory}` : name }
  const [laba] = peersHere(["laba"])
  if (!laba) process.exit(1)
  try {
    await using peer = await laba.start({ config })
    // A connection each: Bun closes one on which a request follows before the last was answered.
    const publishers = depth
    const { messageBytes } = flags
    const tally = new Tally({ listeners: Math.max(1, listeners), publishers, sampleEvery: 10 })
    const pathOf = (publisher: number, sent: number): string =>
      one ? "/bench/one" : `/bench/${String((publisher * 7919 + sent) % flags.channels).padStart(9, "0")}`
    const crowd = await Crowd.open({
      port: peer.port,
      way: "websocket",
      listeners,
      pathOf: () => "/bench/one",
      tally,
      messageBytes,
    })
    const aim = (publisher: number, sent: number) => ({ path: pathOf(publisher, sent), number: sent })
    const run = {
      peer,
      publishers,
      messageBytes,
      aim,
      audience: listeners,
      until: "answered",
    } as const
    await measureRun(tally, crowd, { ...run, seconds: flags.warmSeconds })
    await peer.gauge?.watchLoop()
    const measured = await measureRun(tally, crowd, { ...run, seconds: flags.seconds })
    const held = await peer.gauge?.loopHolds()
    crowd.close()
    others.push(measured.othersBusy)
    faults += tally.faultCount
    for (const fault of tally.faults) console.error(`!!! ${name}: ${fault}`)
    const isHeard = listeners > 0
    return {
      perSecond: isHeard ? measured.deliveriesPerSecond : measured.published / measured.seconds,
      answerP50Ms: measured.answerP50Ms,
      answerP99Ms: measured.answerP99Ms,
      heldP99Ms: held?.p99 ?? Number.NaN,
      heldMaxMs: held?.max ?? Number.NaN,
      cpu: isHeard ? measured.serverCpuPerDelivery : measured.serverCpuPerPublish,
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
