// How many new durable tickets a second does a flash sale take, how late are answers and results, and are the books right?
// Clicks come at a fixed rate whether or not the shop keeps up. Every user is new, every login and buy token is verified,
// every decision is pushed; some buyers listen by WebSocket. Refusals are runs of their own, and so is the usual design. The
// books are checked after.
import { bareRun } from "./flash-sale/bare-run.ts"
import { type SaleRun, type SaleRunOptions, SaleStage } from "./flash-sale/sale-run.ts"
import type { Measured } from "./flash-sale/measured.ts"
import { syncMs } from "./flash-sale/sync-cost.ts"
import { UsualStage } from "./flash-sale/usual-run.ts"
import { readFlags } from "./measure/flags.ts"
import { machine, printLine, printTable, warnOfOthers } from "./measure/report.ts"
import { rounded } from "./measure/spread.ts"

const flags = readFlags({
  runs: ["floor", "sustained", "burst", "refusals", "usual"],
  floorSeconds: 5,
  /** 60 for the full run. */
  seconds: 20,
  perSecond: 20_000,
  burstPerSecond: 30_000,
  burstSeconds: 10,
  refusalsPerSecond: 40_000,
  refusalSeconds: 5,
  usualSeconds: 10,
  connections: 1024,
  stock: 100_000,
  listeners: 5000,
  engine: "",
})

const others: number[] = []
const rows: string[][] = []
const saleRows: string[][] = []
let failed = false
/** What the same click costs a bare server. */
let floorMicroseconds = Number.NaN
printLine("flash-sale", { machine: machine(), flags, syncMs: rounded(syncMs()) })

if (flags.runs.includes("floor")) {
  const { connections, perSecond, floorSeconds: seconds } = flags
  const bare = await bareRun({ connections, perSecond, seconds })
  floorMicroseconds = bare.cpuMicrosecondsEach ?? Number.NaN
  note("bare Bun.serve", bare)
}
if (flags.runs.includes("sustained")) await sale("sustained", flags.perSecond, flags.seconds)
if (flags.runs.includes("burst")) await sale("burst", flags.burstPerSecond, flags.burstSeconds)
if (flags.runs.includes("usual")) await usual()

printTable(
  "Flash sale",
  [
    "run",
    "offered/s",
    "answered/s",
    "click → answer p50 ms",
    "p99 ms",
    "server µs each",
    "× bare",
    "loop",
    "server",
    "generator",
  ],
  rows,
)
printTable(
  "The sales",
  [
    "run",
    "tickets",
    "won",
    "decided/s",
    "told/s",
    "caught up s",
    "heard",
    "decision → client p50 ms",
    "p99 ms",
    "bytes a ticket",
    "and at Laba",
    "MB",
  ],
  saleRows,
)
warnOfOthers(others)
if (failed) process.exitCode = 1

async function sale(run: string, perSecond: number, seconds: number, stock = flags.stock): Promise<void> {
  const { connections, listeners, engine } = flags
  const options: SaleRunOptions = { perSecond, seconds, connections, stock, listeners, engine }
  console.error(`${run}: ${perSecond} clicks a second for ${seconds} s`)
  await using stage = await SaleStage.open(options)
  const sold = await stage.sell()
  note(run, sold)
  saleRows.push(
    cells(run, [
      sold.tickets,
      sold.won,
      sold.decidedPerSecond,
      sold.toldPerSecond,
      sold.decisionsCaughtUpSeconds,
      sold.heard,
      sold.decisionToClientP50Ms,
      sold.decisionToClientP99Ms,
      sold.ledgerBytesPerTicket,
      sold.labaBytesPerTicket,
      sold.residentMegabytes,
    ]),
  )
  if (!isRight(sold)) failed = true
  if (run === "sustained" && flags.runs.includes("refusals")) {
    note("refused: ALREADY_IN", await stage.refuseHolders(flags.refusalsPerSecond, flags.refusalSeconds))
    note(
      "refused: QUEUE_FULL",
      await stage.refuseBeyondCapacity(flags.refusalsPerSecond, flags.refusalSeconds),
    )
  }
  const findings = stage.findings()
  printLine("flash-sale", { run, audit: findings.slice(0, 10), clean: findings.length === 0 })
  if (findings.length > 0) failed = true
}

/** The usual design beside ours, where every click wins. */
async function usual(): Promise<void> {
  const { connections, perSecond, usualSeconds: seconds } = flags
  await sale("ours, all win", perSecond, seconds, perSecond * seconds)
  for (const appendfsync of ["everysec", "always"] as const) {
    console.error(`the usual design, appendfsync ${appendfsync}`)
    await using stage = await UsualStage.open({ perSecond, seconds, connections, appendfsync })
    note(`usual, ${appendfsync}`, await stage.sell())
  }
}

/** Everybody has a ticket, every ticket its decision, and every listener heard. */
function isRight({ tickets, statuses, heard, listeners }: SaleRun): boolean {
  return statuses["201"] === tickets && Object.keys(statuses).length === 1 && heard === listeners
}

function note(run: string, answer: Measured): void {
  others.push(answer.othersBusy ?? 0)
  printLine("flash-sale", { run, ...answer })
  const { offeredPerSecond, answeredPerSecond, clickToAnswerP50Ms, clickToAnswerP99Ms } = answer
  const { cpuMicrosecondsEach, loopBusy, serverBusy, generatorBusy } = answer
  rows.push(
    cells(run, [
      offeredPerSecond,
      answeredPerSecond,
      clickToAnswerP50Ms,
      clickToAnswerP99Ms,
      cpuMicrosecondsEach,
      rounded((cpuMicrosecondsEach ?? Number.NaN) / floorMicroseconds),
      loopBusy,
      serverBusy,
      generatorBusy,
    ]),
  )
}

function cells(run: string, figures: readonly (number | null)[]): string[] {
  return [run, ...figures.map((figure) => (figure === null ? "" : String(figure)))]
}
