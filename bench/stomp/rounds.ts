// Measures each server in a fresh process, within bounds: one that does not start, let everybody in or deliver in time is told of, and the
// others are measured all the same.
import { Crowd } from "../load/crowd.ts"
import { sockJsPath, type Way } from "../load/listening.ts"
import { measureRun, type RunFigures } from "../load/run.ts"
import { Tally } from "../load/tally.ts"
import type { Peer, RunningPeer, StartOptions } from "../peers/peer.ts"

interface StompCase {
  readonly peer: string
  readonly way: Way
  readonly listeners: number
  /** Messages in flight: not heard by everybody yet. */
  readonly depth: number
}

export interface CaseRounds {
  readonly case: StompCase
  /** By round; a hole where it was not measured. */
  readonly byRound: readonly (RunFigures | undefined)[]
  readonly rounds: readonly RunFigures[]
}

interface RoundsFlags {
  readonly depths: readonly number[]
  readonly seconds: number
  readonly warmSeconds: number
  readonly messageBytes: number
  readonly openSeconds: number
  readonly tailSeconds: number
}

interface Pair {
  readonly peer: Peer
  readonly way: Way
}

interface Place {
  readonly round: number
  readonly listeners: number
}

const channel = "/bench/fan-out"

const servingSockJs: StartOptions = { config: { sockjs: { paths: { [sockJsPath]: "stomp" } } } }

export class StompRounds {
  /** What was lost, late or left out, in words. */
  readonly incidents: string[] = []
  private readonly byCase = new Map<string, { case: StompCase; byRound: (RunFigures | undefined)[] }>()
  private readonly flags: RoundsFlags

  constructor(flags: RoundsFlags) {
    this.flags = flags
  }

  get cases(): CaseRounds[] {
    return [...this.byCase.values()].map((each) => ({
      ...each,
      rounds: each.byRound.filter((figures) => figures !== undefined),
    }))
  }

  async measure({ peer, way }: Pair, { round, listeners }: Place): Promise<void> {
    const name = `${peer.name} ${way}, ${listeners} listeners, round ${round + 1}`
    const tally = new Tally({
      listeners,
      publishers: Math.max(...this.flags.depths),
      sampleEvery: Math.max(1, Math.floor(listeners / 50)),
    })
    try {
      // Only what is measured differs from what a server does by default.
      await using server = await peer.start(way === "stomp-sockjs" ? servingSockJs : undefined)
      const { messageBytes, openSeconds: openSecondsMax } = this.flags
      const { port } = server
      const pathOf = (): string => channel
      const crowd = await Crowd.open({ port, way, listeners, pathOf, tally, messageBytes, openSecondsMax })
      try {
        await this.measureDepths({ peer, way, server, crowd, tally, round })
      } finally {
        crowd.close()
      }
    } catch (error) {
      this.tell(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
    for (const fault of tally.faults) this.tell(`${name}: ${fault}`)
    const more = tally.faultCount - tally.faults.length
    if (more > 0) this.tell(`${name}: and ${more} more faults`)
  }

  leaveOut({ peer, way }: Pair, { round, listeners }: Place): void {
    this.tell(`${peer.name} ${way}, ${listeners} listeners, round ${round + 1}: left out, the time is over`)
  }

  private async measureDepths(measured: {
    peer: Peer
    way: Way
    server: RunningPeer
    crowd: Crowd
    tally: Tally
    round: number
  }): Promise<void> {
    const { peer, way, server, crowd, tally, round } = measured
    const { depths, seconds, warmSeconds, messageBytes, tailSeconds } = this.flags
    const listeners = crowd.size
    const run = (depth: number, forSeconds: number): Promise<RunFigures> =>
      measureRun(tally, crowd, {
        peer: server,
        seconds: forSeconds,
        publishers: depth,
        messageBytes,
        aim: (_: number, sent: number) => ({ path: channel, number: sent }),
        audience: listeners,
        // RabbitMQ and Spring answer a publish long before they have delivered it. Who is only held back by answers would
        // publish more in a second than they bring to thousands in minutes.
        until: "heard",
        tailSecondsMax: tailSeconds,
        hasOneOrder: peer.hasOneOrder ?? true,
      })
    let warmUp = warmSeconds + (peer.compileSeconds ?? 0)
    for (const depth of depths) {
      const name = `${peer.name} ${way}, ${listeners} listeners, ${depth} in flight`
      const warmed = await run(depth, warmUp)
      // What is still under way would be counted in what comes next.
      if (warmed.undelivered > 0)
        throw new Error(`${depth} in flight: ${warmed.undelivered} came late while it warmed up`)
      warmUp = warmSeconds
      const figures = await run(depth, seconds)
      this.keep({ peer: peer.name, way, listeners, depth }, round, figures)
      console.error(
        `${name}: ${figures.serverCpuPerDelivery.toFixed(3)} µs, p50 ${figures.p50Ms.toFixed(1)} ms, ` +
          `${Math.round(figures.deliveriesPerSecond)} deliveries/s`,
      )
      if (figures.undelivered === 0) continue
      throw new Error(
        `${depth} in flight: ${figures.undelivered} of ${figures.deliveries + figures.undelivered} deliveries did not come within ${tailSeconds} s of the last publish`,
      )
    }
  }

  private keep(measured: StompCase, round: number, figures: RunFigures): void {
    const key = JSON.stringify(measured)
    const kept = this.byCase.get(key) ?? { case: measured, byRound: [] }
    kept.byRound[round] = figures
    this.byCase.set(key, kept)
  }

  private tell(incident: string): void {
    this.incidents.push(incident)
    console.error(`!!! ${incident}`)
  }
}
