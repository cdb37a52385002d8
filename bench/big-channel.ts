// How long is the loop held while messages go to as many listeners as the file limit allows, some coming and going?
// Seen from inside, by a timer that should fire each millisecond, and from outside, by a stranger's tiny requests.
import { readFileSync } from "node:fs"
import { Churn } from "./load/churn.ts"
import { Crowd } from "./load/crowd.ts"
import { watchDoor } from "./load/probe.ts"
import { measureRun } from "./load/run.ts"
import { Tally } from "./load/tally.ts"
import { readFlags } from "./measure/flags.ts"
import { machine, printLine, printTable, warnOfOthers } from "./measure/report.ts"
import { rounded } from "./measure/spread.ts"
import { peersHere } from "./peers/all.ts"
import type { Peer } from "./peers/peer.ts"

const flags = readFlags({
  peers: ["bare-bun", "laba"],
  way: "websocket",
  /** 0: as many as the file limit allows, less what server and generator need for themselves. */
  listeners: 0,
  depths: [1, 4, 64],
  /** Listeners that come and go, and how many of them a second. */
  comers: 200,
  changesPerSecond: 100,
  rounds: 5,
  seconds: 5,
  warmSeconds: 2,
  messageBytes: 120,
})

const spareDescriptors = 600
const channel = "/bench/big"
const way = flags.way === "sse" ? "sse" : flags.way === "laba.v1" ? "laba.v1" : "websocket"
const listeners = flags.listeners || descriptorsMax() - spareDescriptors
const rows: string[][] = []
const others: number[] = []
let faults = 0

printLine("big-channel", { machine: machine(), flags, listeners })
for (let round = 0; round < flags.rounds; round++) {
  for (const peer of peersHere(flags.peers)) await measure(peer, round + 1)
}
warnOfOthers(others)
printTable(
  `${listeners} listeners, ${flags.changesPerSecond} a second leaving and joining (targets for laba: held p50 ≤ 12 ms, p99 ≤ 30 ms)`,
  [
    "in flight",
    "round",
    "server",
    "held p50 ms",
    "p99",
    "max",
    "stranger waits p50 ms",
    "p99",
    "max",
    "CPU µs/delivery",
    "p99 delivery ms",
  ],
  rows.sort((a, b) => Number(a[0]) - Number(b[0])),
)
if (faults > 0) {
  console.error(`\n${faults} faults: something was lost, doubled or out of order.`)
  process.exitCode = 1
}

async function measure(peer: Peer, round: number): Promise<void> {
  await using server = await peer.start()
  const { messageBytes, comers } = flags
  const tally = new Tally({ listeners, publishers: Math.max(...flags.depths), sampleEvery: 100 })
  const crowd = await Crowd.open({
    port: server.port,
    way,
    listeners,
    pathOf: () => channel,
    tally,
    messageBytes,
  })
  await using door = await watchDoor(server.port, "/_/live")
  const staying = listeners - comers
  const leaving = Array.from({ length: comers }, (_, index) => staying + index)
  for (const depth of flags.depths) {
    const aim = (_: number, sent: number) => ({ path: channel, number: sent })
    const options = {
      peer: server,
      publishers: depth,
      messageBytes,
      aim,
      audience: listeners,
      until: "answered",
      staying,
    } as const
    await measureRun(tally, crowd, { ...options, seconds: flags.warmSeconds })
    const churn = new Churn(crowd, tally, { indexes: leaving, perSecond: flags.changesPerSecond })
    await server.gauge?.watchLoop()
    door.clear()
    const measured = await measureRun(tally, crowd, { ...options, seconds: flags.seconds, churn })
    const stranger = await door.figures()
    const held = await server.gauge?.loopHolds()
    printLine("big-channel", {
      peer: peer.name,
      way,
      listeners,
      depth,
      round,
      heldMs: held && {
        turns: held.turns,
        p50: rounded(held.p50),
        p99: rounded(held.p99),
        max: rounded(held.max),
      },
      strangerMs: {
        asked: stranger.asked,
        p50: rounded(stranger.p50Ms),
        p99: rounded(stranger.p99Ms),
        max: rounded(stranger.maxMs),
      },
      changes: churn.changes,
      deliveriesPerSecond: rounded(measured.deliveriesPerSecond),
      serverCpuMicrosecondsPerDelivery: rounded(measured.serverCpuPerDelivery),
      generatorBusy: rounded(measured.generatorBusy),
      othersBusy: rounded(measured.othersBusy),
      latencyP99Ms: rounded(measured.p99Ms),
      faults: tally.faultCount,
    })
    others.push(measured.othersBusy)
    const figures = [held?.p50, held?.p99, held?.max, stranger.p50Ms, stranger.p99Ms, stranger.maxMs]
    const last = [measured.serverCpuPerDelivery, measured.p99Ms]
    rows.push([
      String(depth),
      String(round),
      peer.name,
      ...[...figures, ...last].map((each) => String(rounded(each ?? NaN))),
    ])
  }
  crowd.close()
  faults += tally.faultCount
  for (const fault of tally.faults) console.error(`!!! ${peer.name}: ${fault}`)
}

function descriptorsMax(): number {
  const match = /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"))
  return Number(match?.[1] ?? 1024)
}
