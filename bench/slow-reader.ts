// What does a reader that stops, and one that reads a byte a second, cost a thousand fast ones?
// Each round measures without them, with them, and without them again; the last two are divided by the first, so that
// the noise stands beside the effect.
import { Crowd } from "./load/crowd.ts"
import { measureRun, type RunFigures } from "./load/run.ts"
import { StarvedReader } from "./load/starved-reader.ts"
import { Tally } from "./load/tally.ts"
import { readFlags } from "./measure/flags.ts"
import { residentBytesOf } from "./measure/process-cost.ts"
import { machine, printLine, printTable, warnOfOthers } from "./measure/report.ts"
import { slowDropsOf } from "./measure/slow-drops.ts"
import { inLine, rounded, spreadOf, spreadOfRatios } from "./measure/spread.ts"
import { peersHere } from "./peers/all.ts"

const flags = readFlags({
  listeners: 1000,
  /** Of each kind: those that stop and those that read a byte a second. */
  slow: 1,
  publishers: 1,
  rounds: 7,
  seconds: 8,
  messageBytes: 120,
  /** What the slow ones hear besides, so that the kernel's buffers are full soon. Published in every run alike. */
  fillersPerSecond: 60,
})

const path = "/bench/slow"
const fillerPath = "/bench/filler"
const filler = "x".repeat(60 * 1024)
const [laba] = peersHere(["laba"])
if (!laba) process.exit(1)
await using server = await laba.start()
const { port } = server
const base = `http://127.0.0.1:${port}`
const tally = new Tally({ listeners: flags.listeners, publishers: flags.publishers, sampleEvery: 7 })
const { messageBytes, listeners } = flags
const crowd = await Crowd.open({ port, way: "websocket", listeners, pathOf: () => path, tally, messageBytes })

interface Arm extends RunFigures {
  readonly drops: number
  readonly residentBytes: number
}

const runs: Record<"without" | "with" | "again", Arm[]> = { without: [], with: [], again: [] }

printLine("slow-reader", { machine: machine(), flags })
await measure(0)
for (let round = 1; round <= flags.rounds; round++) {
  // In turn first and last, so that no arm profits from its place.
  const arms = [
    ["without", 0],
    ["with", flags.slow],
    ["again", 0],
  ] as const
  for (const [arm, slow] of round % 2 === 1 ? arms : arms.toReversed()) {
    const figures = await measure(slow)
    runs[arm].push(figures)
    printLine("slow-reader", {
      round,
      arm,
      p50Ms: rounded(figures.p50Ms),
      p99Ms: rounded(figures.p99Ms),
      deliveriesPerSecond: rounded(figures.deliveriesPerSecond),
      drops: figures.drops,
      residentMB: Math.round(figures.residentBytes / 1024 ** 2),
      othersBusy: rounded(figures.othersBusy),
    })
  }
}
crowd.close()

const of = (arm: keyof typeof runs, figure: "p50Ms" | "p99Ms"): number[] =>
  runs[arm].map((one) => one[figure])
const ratios = (arm: "with" | "again", figure: "p50Ms" | "p99Ms") =>
  spreadOfRatios(of(arm, figure), of("without", figure))
printLine("slow-reader", {
  withOverWithout: { p50: inLine(ratios("with", "p50Ms")), p99: inLine(ratios("with", "p99Ms")) },
  noise: { p50: inLine(ratios("again", "p50Ms")), p99: inLine(ratios("again", "p99Ms")) },
  drops: runs.with.reduce((sum, { drops }) => sum + drops, 0),
  faults: tally.faultCount,
})
printTable(
  `${listeners} fast listeners, ${flags.slow} that stopped and ${flags.slow} at a byte a second: medians of ${flags.rounds} rounds (lowest to highest)`,
  ["", "p50 ms", "÷ without", "p99 ms", "÷ without", "dropped", "server MB"],
  (["without", "with", "again"] as const).map((arm) => [
    { without: "without them", with: "with them", again: "without, again" }[arm],
    short(spreadOf(of(arm, "p50Ms")).median),
    arm === "without" ? "" : inCell(ratios(arm, "p50Ms")),
    short(spreadOf(of(arm, "p99Ms")).median),
    arm === "without" ? "" : inCell(ratios(arm, "p99Ms")),
    String(runs[arm].reduce((sum, { drops }) => sum + drops, 0)),
    short(spreadOf(runs[arm].map(({ residentBytes }) => residentBytes / 1024 ** 2)).median),
  ]),
)
warnOfOthers(Object.values(runs).flatMap((arms) => arms.map(({ othersBusy }) => othersBusy)))
for (const fault of tally.faults) console.error(`!!! ${fault}`)
if (tally.faultCount > 0) process.exitCode = 1

/** One run with so many slow readers of each kind; who is dropped comes back at once, so that they are always there. */
async function measure(slow: number): Promise<Arm> {
  let running = true
  const droppedBefore = await slowDropsOf(base)
  const kinds = [0, 1].flatMap((bytesPerSecond) => Array.from({ length: slow }, () => bytesPerSecond))
  const open = () =>
    Promise.all(
      kinds.map((bytesPerSecond) =>
        StarvedReader.open({ port, channels: [path, fillerPath], bytesPerSecond }),
      ),
    )
  const starve = (async () => {
    let readers = await open()
    while (running) {
      await Bun.sleep(100)
      if (kinds.length === 0 || (await fillerListeners()) > 0) continue
      for (const reader of readers) reader.leave()
      readers = await open()
    }
    for (const reader of readers) reader.leave()
  })()
  const fill = (async () => {
    while (running) {
      await fetch(base + fillerPath, { method: "POST", body: filler })
      await Bun.sleep(1000 / flags.fillersPerSecond)
    }
  })()
  const figures = await measureRun(tally, crowd, {
    peer: server,
    seconds: flags.seconds,
    publishers: flags.publishers,
    messageBytes,
    aim: (_, sent) => ({ path, number: sent }),
    audience: listeners,
    until: "answered",
  })
  const residentBytes = residentBytesOf(server.pid)
  running = false
  await Promise.all([starve, fill])
  return { ...figures, residentBytes, drops: (await slowDropsOf(base)) - droppedBefore }
}

/** A slow reader cannot see that it was dropped, since it does not read. */
async function fillerListeners(): Promise<number> {
  const { headers } = await fetch(base + fillerPath, { method: "HEAD" })
  return Number(headers.get("laba-listeners"))
}

function inCell({ median, min, max }: { median: number; min: number; max: number }): string {
  return `${short(median)} (${short(min)}-${short(max)})`
}

function short(figure: number): string {
  return Number.isFinite(figure) ? String(Number(figure.toPrecision(3))) : "-"
}
