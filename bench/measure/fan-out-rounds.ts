// Measures what it costs a server to bring each message to everybody who listens, and to keep an idle connection. Rounds
// go over all servers in turn, each with a fresh process, so that a ratio compares figures of the same minutes.
import { Crowd } from "../load/crowd.ts"
import type { Way } from "../load/listening.ts"
import { listenPath } from "../load/paths.ts"
import { measureRun, type RunFigures } from "../load/run.ts"
import { Tally } from "../load/tally.ts"
import type { Peer } from "../peers/peer.ts"
import { type Case, fanOutTables } from "./fan-out-tables.ts"
import { type ConnectionMemory, measureConnections } from "./memory.ts"
import { machine, printLine, warnOfOthers } from "./report.ts"
import { inLine, spreadOf } from "./spread.ts"

/** A server, and how it is listened to. */
interface Pair {
  readonly peer: Peer
  readonly way: Way
}

interface FanOutFlags {
  readonly listeners: readonly number[]
  /** Messages in flight. */
  readonly depths: readonly number[]
  readonly rounds: number
  readonly seconds: number
  readonly warmSeconds: number
  readonly messageBytes: number
  /** Idle connections whose memory is measured; 0 measures none. */
  readonly memoryConnections: number
  /** When a message is no longer in flight: `answered` or `heard`. */
  readonly until: string
}

const channel = "/bench/fan-out"

/** Measures every pair in every round, then prints the lines and tables of the bench. What was lost ends it with 1. */
export async function measureFanOut(
  bench: string,
  pairs: readonly Pair[],
  flags: FanOutFlags,
): Promise<void> {
  const rounds = new Rounds(flags)
  printLine(bench, { machine: machine(), flags })
  for (let round = 0; round < flags.rounds; round++) {
    console.error(`round ${round + 1} of ${flags.rounds}`)
    for (const listeners of flags.listeners) for (const pair of pairs) await rounds.measure(pair, listeners)
    if (flags.memoryConnections > 0) for (const pair of pairs) await rounds.measureMemory(pair)
  }
  rounds.report(bench)
}

class Rounds {
  private readonly figures = new Map<string, { case: Case; rounds: RunFigures[] }>()
  private readonly memories = new Map<string, { peer: string; way: Way; rounds: ConnectionMemory[] }>()
  private readonly flags: FanOutFlags
  private faults = 0

  constructor(flags: FanOutFlags) {
    this.flags = flags
  }

  async measure({ peer, way }: Pair, listeners: number): Promise<void> {
    await using server = await peer.start()
    const { messageBytes, depths, warmSeconds, seconds } = this.flags
    const tally = new Tally({
      listeners,
      publishers: Math.max(...depths),
      sampleEvery: Math.max(1, Math.floor(listeners / 50)),
    })
    const pathOf = (): string => listenPath(way, channel)
    const crowd = await Crowd.open({ port: server.port, way, listeners, pathOf, tally, messageBytes })
    for (const depth of depths) {
      const options = {
        peer: server,
        publishers: depth,
        messageBytes,
        aim: (_: number, sent: number) => ({ path: channel, number: sent }),
        audience: listeners,
        until: this.flags.until === "heard" ? "heard" : "answered",
      } as const
      await measureRun(tally, crowd, { ...options, seconds: warmSeconds })
      const measured = await measureRun(tally, crowd, { ...options, seconds })
      const name = { peer: peer.name, way, listeners, depth }
      entryOf(this.figures, JSON.stringify(name), () => ({ case: name, rounds: [] })).rounds.push(measured)
      console.error(
        `${peer.name} ${way} ${listeners} listeners, ${depth} in flight: ` +
          `${measured.serverCpuPerDelivery.toFixed(3)} µs, ${Math.round(measured.deliveriesPerSecond)} deliveries/s`,
      )
    }
    crowd.close()
    this.faults += tally.faultCount
    for (const fault of tally.faults) console.error(`!!! ${peer.name} ${way}: ${fault}`)
  }

  async measureMemory({ peer, way }: Pair): Promise<void> {
    await using server = await peer.start()
    const pathOf = (): string => listenPath(way, channel)
    const connections = this.flags.memoryConnections
    const measured = await measureConnections({ peer: server, way, connections, pathOf })
    const key = `${peer.name} ${way}`
    entryOf(this.memories, key, () => ({ peer: peer.name, way, rounds: [] })).rounds.push(measured)
    console.error(
      `${key}: ${Math.round(measured.bytes)} bytes a connection, ` +
        `${Math.round(measured.connectsPerSecond)} connects/s`,
    )
  }

  report(bench: string): void {
    for (const { case: measured, rounds } of this.figures.values()) {
      const spread = (of: (figure: RunFigures) => number) => inLine(spreadOf(rounds.map(of)))
      printLine(bench, {
        ...measured,
        rounds: rounds.length,
        deliveriesPerSecond: spread((each) => each.deliveriesPerSecond),
        serverCpuMicrosecondsPerDelivery: spread((each) => each.serverCpuPerDelivery),
        generatorCpuMicrosecondsPerDelivery: spread((each) => each.generatorCpuPerDelivery),
        serverBusy: spread((each) => each.serverBusy),
        generatorBusy: spread((each) => each.generatorBusy),
        othersBusy: spread((each) => each.othersBusy),
        latencyP50Ms: spread((each) => each.p50Ms),
        latencyP99Ms: spread((each) => each.p99Ms),
      })
    }
    for (const { peer, way, rounds } of this.memories.values()) {
      printLine(bench, {
        peer,
        way,
        rounds: rounds.length,
        bytesPerConnection: inLine(spreadOf(rounds.map((each) => each.bytes))),
        connectsPerSecond: inLine(spreadOf(rounds.map((each) => each.connectsPerSecond))),
      })
    }
    warnOfOthers([...this.figures.values()].flatMap(({ rounds }) => rounds.map((each) => each.othersBusy)))
    fanOutTables([...this.figures.values()], [...this.memories.values()])
    if (this.faults === 0) return
    console.error(`\n${this.faults} faults: something was lost, doubled or out of order.`)
    process.exitCode = 1
  }
}

function entryOf<V>(map: Map<string, V>, key: string, make: () => V): V {
  let entry = map.get(key)
  if (entry === undefined) map.set(key, (entry = make()))
  return entry
}
