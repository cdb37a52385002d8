// How many new durable tickets a second does a flash sale take, how late are answers and results, and are the books right?
// Clicks come at a fixed rate whether or not the shop keeps up. Every user is new, every login and buy token is verified,
// every decision is pushed; some buyers listen by WebSocket. Refusals are a run of their own. The books are checked after.
import { mkdtempSync, openSync, fsyncSync, writeSync, closeSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ShopProcess } from "../apps/flash-sale/test/shop-process.ts"
import { ledgerPath } from "../apps/flash-sale/server.ts"
import { Clicks } from "./flash-sale/clicks.ts"
import { Crowd } from "./flash-sale/crowd.ts"
import { Latency } from "./load/latency.ts"
import { readFlags } from "./measure/flags.ts"
import {
  cpuMicrosecondsOf,
  machineCpuMicroseconds,
  ownCpuMicroseconds,
  residentBytesOf,
} from "./measure/process-cost.ts"
import { machine, printLine, warnOfOthers } from "./measure/report.ts"
import { rounded } from "./measure/spread.ts"

const flags = readFlags({
  perSecond: 20_000,
  seconds: 20,
  connections: 1024,
  stock: 100_000,
  listeners: 500,
  refusalsPerSecond: 40_000,
  refusalSeconds: 5,
  /** What Laba remembers with: `memory`, or empty for SQLite beside the books. */
  engine: "",
})

const sale = "bench"

/** What one synced write of a page costs here, in milliseconds: `kill -9` does not test it, a power cut would. */
function syncMs(directory: string): number {
  const file = openSync(join(directory, "sync"), "w")
  const page = Buffer.alloc(4096)
  const start = performance.now()
  const times = 200
  for (let time = 0; time < times; time++) {
    writeSync(file, page, 0, page.length, time * page.length)
    fsyncSync(file)
  }
  closeSync(file)
  return (performance.now() - start) / times
}

const scratch = mkdtempSync(join(tmpdir(), "flash-sale-sync-"))
printLine("flash-sale", { machine: machine(), flags, syncMs: rounded(syncMs(scratch)) })
rmSync(scratch, { recursive: true })

await using shop = await ShopProcess.start({
  args: flags.engine === "" ? [] : ["--laba-engine", flags.engine],
})
const total = flags.perSecond * flags.seconds
const made = await shop.operator("POST", "/sales", {
  id: sale,
  title: "Bench",
  startsAt: Date.now() - 1000,
  items: [{ id: "i", title: "A thing", stock: flags.stock, price: 100 }],
  factor: 1000,
  reserve: total,
  payBySeconds: 3600,
})
if (!made.ok) throw new Error(await made.text())
const port = Number(new URL(shop.url).port)
const crowd = new Crowd({ directory: shop.directory, sale, port })

const resultLatency = new Latency()
const heard = new Set<number>()
const sockets = await Promise.all(
  Array.from({ length: flags.listeners }, async (_, at) => {
    // Spread over the run.
    const user = Math.floor((at * total) / flags.listeners)
    const token = await listenTokenOf(crowd.credential(user))
    const socket = new WebSocket(
      `${shop.labaUrl.replace("http", "ws")}/@${crowd.user(user)}/sales/${sale}?token=${token}`,
    )
    socket.onmessage = ({ data }) => {
      const record = JSON.parse(data as string) as { state: string; at: number }
      if (record.state === "queued" || heard.has(user)) return
      heard.add(user)
      resultLatency.add(Math.max(0, Date.now() - record.at))
    }
    await new Promise((resolve, reject) => {
      socket.onopen = resolve
      socket.onerror = reject
    })
    return socket
  }),
)

async function listenTokenOf(credential: string): Promise<string> {
  const answer = await fetch(`${shop.url}/api/listen`, {
    method: "POST",
    headers: { Authorization: `Bearer ${credential}` },
  })
  return ((await answer.json()) as { token: string }).token
}

const others: number[] = []

/** Runs clicks, and answers what they cost beside how they fared. */
async function measured(request: (click: number) => string, perSecond: number, seconds: number) {
  const latency = new Latency()
  const clicks = await Clicks.open({ port, connections: flags.connections, request, latency })
  const start = performance.now()
  const before = [cpuMicrosecondsOf(shop.pid), ownCpuMicroseconds(), machineCpuMicroseconds()] as const
  await clicks.run(perSecond, seconds)
  const elapsedSeconds = (performance.now() - start) / 1000
  const server = cpuMicrosecondsOf(shop.pid) - before[0]
  const own = ownCpuMicroseconds() - before[1]
  const all = machineCpuMicroseconds() - before[2]
  others.push(Math.max(0, all - server - own) / 1e6 / elapsedSeconds)
  clicks.close()
  return {
    offeredPerSecond: perSecond,
    answeredPerSecond: rounded(clicks.answered / elapsedSeconds),
    statuses: Object.fromEntries(clicks.statuses),
    clickToAnswerP50Ms: rounded(latency.percentileMs(0.5)),
    clickToAnswerP99Ms: rounded(latency.percentileMs(0.99)),
    clickToAnswerMaxMs: rounded(latency.maxMs),
    waitedMost: clicks.waitedMost,
    serverBusy: rounded(server / 1e6 / elapsedSeconds),
    generatorBusy: rounded(own / 1e6 / elapsedSeconds),
    othersBusy: rounded(others.at(-1) as number),
  }
}

const taken = await measured((click) => crowd.entering(click), flags.perSecond, flags.seconds)
const drainStart = performance.now()
let standing = await look()
while (standing.queued > 0 && performance.now() - drainStart < 120_000) {
  await Bun.sleep(100)
  standing = await look()
}
const drainSeconds = (performance.now() - drainStart) / 1000
// Every listener hears, or the run has failed.
while (heard.size < flags.listeners && performance.now() - drainStart < 120_000) await Bun.sleep(50)
printLine("flash-sale", {
  run: "new durable tickets",
  ...taken,
  tickets: standing.tickets,
  decided: standing.decided,
  decisionsCaughtUpSeconds: rounded(drainSeconds),
  heard: heard.size,
  listeners: flags.listeners,
  decisionToClientP50Ms: rounded(resultLatency.percentileMs(0.5)),
  decisionToClientP99Ms: rounded(resultLatency.percentileMs(0.99)),
  bytesPerTicket: rounded(statSync(ledgerPath(shop.directory)).size / Math.max(1, standing.tickets)),
  residentMegabytes: rounded(residentBytesOf(shop.pid) / 1e6),
})

async function look(): Promise<{ queued: number; tickets: number; decided: number }> {
  const answer = (await (await shop.operator("GET", `/sales/${sale}`)).json()) as {
    tickets: number
    decided: number
    standing: { queued: number }
  }
  return { queued: answer.standing.queued, tickets: answer.tickets, decided: answer.decided }
}

if (flags.refusalsPerSecond > 0) {
  const again = await measured(
    (click) => crowd.entering(click % total).replace("Idempotency-Key: k", "Idempotency-Key: other"),
    flags.refusalsPerSecond,
    flags.refusalSeconds,
  )
  printLine("flash-sale", { run: "refusals", ...again })
}
for (const socket of sockets) socket.close()
const findings = shop.findings()
printLine("flash-sale", { run: "audit", findings: findings.slice(0, 10), clean: findings.length === 0 })
warnOfOthers(others)
if (findings.length > 0 || heard.size !== flags.listeners) process.exitCode = 1
