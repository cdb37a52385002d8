// What does it cost to have the application answer by HTTP: messages a second from sockets through a hook and back, beside the same application inside the process?
import { join } from "node:path"
import { Exchange } from "./hooks/exchange.ts"
import { readFlags } from "./measure/flags.ts"
import { cpuMicrosecondsOf, machineCpuMicroseconds, ownCpuMicroseconds } from "./measure/process-cost.ts"
import { machine, printLine, printTable, warnOfOthers } from "./measure/report.ts"
import { inLine, rounded, spreadOf, spreadOfRatios } from "./measure/spread.ts"
import type { RunningPeer } from "./peers/peer.ts"
import { portInAddress, projectFolder, startServer } from "./peers/start.ts"

const flags = readFlags({
  /** Sockets, each of which sends its next message when the last was answered. */
  sockets: [1, 64, 512],
  rounds: 5,
  seconds: 2,
  warmSeconds: 1,
  messageBytes: 120,
  concurrency: 256,
})

const arms = ["in process", "hook", "hook, signed"] as const
type Arm = (typeof arms)[number]

interface Figures {
  readonly answersPerSecond: number
  readonly serverCpu: number
  readonly backendCpu: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly othersBusy: number
}

const script = (name: string): string => join(projectFolder, "bench", "hooks", name)
const start = (name: string, ...args: string[]): Promise<RunningPeer> =>
  startServer({
    command: [process.execPath, script(name), ...args],
    portIn: portInAddress,
    gauged: false,
  })

await using backend = await start("backend.ts")
const servers: Record<Arm, RunningPeer> = {
  "in process": await start("server.ts"),
  hook: await start("server.ts", String(backend.port), String(flags.concurrency)),
  "hook, signed": await start("server.ts", String(backend.port), String(flags.concurrency), "signed"),
}
const figures = new Map<string, { arm: Arm; sockets: number; rounds: Figures[] }>()

printLine("hooks", { machine: machine(), flags })
for (let round = 0; round < flags.rounds; round++) {
  for (const sockets of flags.sockets) {
    for (const arm of arms) {
      const key = `${arm} ${sockets}`
      const entry = figures.get(key) ?? { arm, sockets, rounds: [] }
      figures.set(key, entry)
      entry.rounds.push(await measure(arm, sockets))
    }
  }
}
for (const { arm, sockets, rounds } of figures.values()) {
  const spread = (of: (figure: Figures) => number) => inLine(spreadOf(rounds.map(of)))
  printLine("hooks", {
    arm,
    sockets,
    rounds: rounds.length,
    answersPerSecond: spread((each) => each.answersPerSecond),
    serverCpuMicrosecondsPerAnswer: spread((each) => each.serverCpu),
    backendCpuMicrosecondsPerAnswer: spread((each) => each.backendCpu),
    p50Ms: spread((each) => each.p50Ms),
    p99Ms: spread((each) => each.p99Ms),
    othersBusy: spread((each) => each.othersBusy),
  })
}
warnOfOthers([...figures.values()].flatMap(({ rounds }) => rounds.map((each) => each.othersBusy)))
printTable(
  `A message from a socket to the application and its answer back: medians of ${flags.rounds} rounds`,
  [
    "sockets",
    "application",
    "answers/s",
    "Laba CPU µs",
    "× in process",
    "backend CPU µs",
    "p50 ms",
    "p99 ms",
  ],
  [...figures.values()].map(({ arm, sockets, rounds }) => {
    const median = (of: (figure: Figures) => number): string =>
      String(rounded(spreadOf(rounds.map(of)).median))
    const cpu = rounds.map((each) => each.serverCpu)
    const inside = figures.get(`in process ${sockets}`)?.rounds.map((each) => each.serverCpu) ?? []
    return [
      String(sockets),
      arm,
      String(Math.round(spreadOf(rounds.map((each) => each.answersPerSecond)).median)),
      median((each) => each.serverCpu),
      String(rounded(spreadOfRatios(cpu, inside).median)),
      arm === "in process" ? "" : median((each) => each.backendCpu),
      median((each) => each.p50Ms),
      median((each) => each.p99Ms),
    ]
  }),
)
for (const server of Object.values(servers)) await server[Symbol.asyncDispose]()

async function measure(arm: Arm, sockets: number): Promise<Figures> {
  const server = servers[arm]
  const exchange = await Exchange.open(`ws://127.0.0.1:${server.port}/bench`, sockets, flags.messageBytes)
  exchange.start()
  await Bun.sleep(flags.warmSeconds * 1000)
  const before = lookAt(server)
  exchange.reset()
  await Bun.sleep(flags.seconds * 1000)
  const { answers, p50Ms, p99Ms } = exchange.figures()
  const after = lookAt(server)
  await exchange.close()
  const seconds = (after.at - before.at) / 1000
  const spent = after.server - before.server
  const spentByBackend = after.backend - before.backend
  const others = after.machine - before.machine - (after.own - before.own) - spent - spentByBackend
  return {
    answersPerSecond: answers / seconds,
    serverCpu: spent / answers,
    backendCpu: spentByBackend / answers,
    p50Ms,
    p99Ms,
    othersBusy: Math.max(0, others / 1_000_000 / seconds),
  }
}

function lookAt(server: RunningPeer) {
  return {
    at: performance.now(),
    server: cpuMicrosecondsOf(server.pid),
    backend: cpuMicrosecondsOf(backend.pid),
    own: ownCpuMicroseconds(),
    machine: machineCpuMicroseconds(),
  }
}
