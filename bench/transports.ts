// Which transport costs what: WebSocket, laba.v1, SSE, long-poll and poll in memory, CPU, latency and requests.
// All hear the same messages at the same rate from one server; docs/guide/choosing-a-transport.md shows the outcome.
import { Crowd } from "./load/crowd.ts"
import type { Way } from "./load/listening.ts"
import { Pace } from "./load/pace.ts"
import { Poller } from "./load/poller.ts"
import { Publishing } from "./load/publishing.ts"
import { Tally } from "./load/tally.ts"
import { untilHeard } from "./load/waiting.ts"
import { readFlags } from "./measure/flags.ts"
import { settled } from "./measure/memory.ts"
import { cpuMicrosecondsOf } from "./measure/process-cost.ts"
import { machine, printLine, printTable } from "./measure/report.ts"
import { inLine, rounded, spreadOf } from "./measure/spread.ts"
import { peersHere } from "./peers/all.ts"

const flags = readFlags({
  listeners: 1000,
  memoryListeners: 5000,
  messagesPerSecond: [1, 10],
  pollEverySeconds: 1,
  rounds: 5,
  seconds: 5,
  messageBytes: 120,
})

interface Transport {
  readonly name: string
  open(port: number, listeners: number, tally: Tally): Promise<{ requests(): number; close(): void }>
}

interface Figures {
  readonly cpuPerDelivery: number
  readonly busy: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly bytesPerDelivery: number
  readonly requestsPerDelivery: number
}

const channel = "/bench/transports"
const pathOf = (): string => channel
const { messageBytes } = flags

const transports: readonly Transport[] = [
  listening("WebSocket", "websocket"),
  listening("WebSocket laba.v1", "laba.v1"),
  listening("SSE", "sse"),
  polling("long-poll", { waitSeconds: 25, everyMs: 0 }),
  polling(`poll each ${flags.pollEverySeconds} s`, {
    waitSeconds: 0,
    everyMs: flags.pollEverySeconds * 1000,
  }),
]

const [laba] = peersHere(["laba"])
if (!laba) process.exit(1)
const memory = new Map<string, number[]>()
const figures = new Map<string, { transport: string; rate: number; rounds: Figures[] }>()
let faults = 0

printLine("transports", { machine: machine(), flags })
for (let round = 0; round < flags.rounds; round++) {
  for (const transport of transports) {
    memory.set(transport.name, [...(memory.get(transport.name) ?? []), await measureMemory(transport)])
    for (const rate of flags.messagesPerSecond) {
      const key = `${transport.name} ${rate}`
      const rounds = [...(figures.get(key)?.rounds ?? []), await measure(transport, rate)]
      figures.set(key, { transport: transport.name, rate, rounds })
      console.error(`round ${round + 1}: ${key}`)
    }
  }
}
const rows: string[][] = []
for (const { transport, rate, rounds } of figures.values()) {
  const spread = (of: (each: Figures) => number) => spreadOf(rounds.map(of))
  const bytes = spreadOf(memory.get(transport) ?? [])
  printLine("transports", {
    transport,
    messagesPerSecond: rate,
    listeners: flags.listeners,
    bytesPerConnection: inLine(bytes),
    serverCpuMicrosecondsPerDelivery: inLine(spread((each) => each.cpuPerDelivery)),
    serverBusy: inLine(spread((each) => each.busy)),
    latencyP50Ms: inLine(spread((each) => each.p50Ms)),
    latencyP99Ms: inLine(spread((each) => each.p99Ms)),
    wireBytesPerDelivery: inLine(spread((each) => each.bytesPerDelivery)),
    requestsPerDelivery: inLine(spread((each) => each.requestsPerDelivery)),
  })
  const cells = [
    spread((each) => each.cpuPerDelivery),
    spread((each) => each.p50Ms),
    spread((each) => each.p99Ms),
    spread((each) => each.requestsPerDelivery),
  ]
  rows.push([
    String(rate),
    transport,
    String(Math.round(bytes.median)),
    ...cells.map((each) => String(rounded(each.median))),
  ])
}
printTable(
  `${flags.listeners} listeners, medians of ${flags.rounds} rounds; memory with ${flags.memoryListeners} idle`,
  [
    "messages/s",
    "transport",
    "bytes a connection",
    "CPU µs/delivery",
    "p50 ms",
    "p99 ms",
    "requests/delivery",
  ],
  rows.sort((a, b) => Number(a[0]) - Number(b[0])),
)
if (faults > 0) process.exitCode = 1

async function measureMemory(transport: Transport): Promise<number> {
  await using server = await (laba as NonNullable<typeof laba>).start()
  const tally = new Tally({ listeners: flags.memoryListeners, publishers: 1, sampleEvery: 1 })
  const warm = await transport.open(server.port, 500, tally)
  const before = await settled(server)
  const open = await transport.open(server.port, flags.memoryListeners, tally)
  const bytes = ((await settled(server)) - before) / flags.memoryListeners
  open.close()
  warm.close()
  note(transport, tally)
  return bytes
}

async function measure(transport: Transport, rate: number): Promise<Figures> {
  await using server = await (laba as NonNullable<typeof laba>).start()
  const { listeners, seconds } = flags
  const tally = new Tally({ listeners, publishers: 1, sampleEvery: 1 })
  const open = await transport.open(server.port, listeners, tally)
  const pace = new Pace(rate)
  const publishing = await Publishing.open({
    port: server.port,
    publishers: 1,
    messageBytes,
    aim: (_, sent) => ({ path: channel, number: sent }),
    mayPublish: pace.mayPublish,
    onFault: (what) => tally.fault(what),
  })
  publishing.start()
  pace.start(publishing)
  // The first seconds are not counted: the code is compiled by then, and pollers are spread over their interval.
  await Bun.sleep(2000)
  tally.latency.clear()
  const cpuBefore = cpuMicrosecondsOf(server.pid)
  const before = {
    deliveries: tally.deliveries,
    bytes: tally.bytes,
    requests: open.requests(),
    at: performance.now(),
  }
  await Bun.sleep(seconds * 1000)
  const milliseconds = performance.now() - before.at
  const cpu = cpuMicrosecondsOf(server.pid) - cpuBefore
  const deliveries = tally.deliveries - before.deliveries
  const measured = {
    cpuPerDelivery: cpu / deliveries,
    busy: cpu / 1000 / milliseconds,
    p50Ms: tally.latency.percentileMs(0.5),
    p99Ms: tally.latency.percentileMs(0.99),
    bytesPerDelivery: (tally.bytes - before.bytes) / deliveries,
    requestsPerDelivery: (open.requests() - before.requests) / deliveries,
  }
  pace.stop()
  await publishing.stop()
  await untilHeard(tally, publishing.published * listeners)
  publishing.close()
  open.close()
  note(transport, tally)
  return measured
}

function listening(name: string, way: Way): Transport {
  return {
    name,
    async open(port, listeners, tally) {
      const crowd = await Crowd.open({ port, way, listeners, pathOf, tally, messageBytes })
      return { requests: () => 0, close: () => crowd.close() }
    },
  }
}

function polling(name: string, how: { waitSeconds: number; everyMs: number }): Transport {
  return {
    name,
    async open(port, listeners, tally) {
      const pollers: Poller[] = []
      while (pollers.length < listeners) {
        const next = Array.from({ length: Math.min(100, listeners - pollers.length) }, (_, index) =>
          Poller.open({ index: pollers.length + index, port, path: channel, tally, ...how }),
        )
        pollers.push(...(await Promise.all(next)))
      }
      return {
        requests: () => pollers.reduce((sum, poller) => sum + poller.requests, 0),
        close: () => pollers.forEach((poller) => poller.leave()),
      }
    },
  }
}

function note(transport: Transport, tally: Tally): void {
  faults += tally.faultCount
  for (const fault of tally.faults) console.error(`!!! ${transport.name}: ${fault}`)
}
