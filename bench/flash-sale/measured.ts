// Runs clicks against a process, and answers what they cost beside how they fared.
import { readFileSync } from "node:fs"
import { cpuMicrosecondsOf, machineCpuMicroseconds, ownCpuMicroseconds } from "../measure/process-cost.ts"
import { rounded } from "../measure/spread.ts"
import { Clicks } from "./clicks.ts"
import type { Requests } from "./crowd.ts"

interface Measuring {
  /** Who serves: all that it costs is the sum. */
  readonly pids: readonly number[]
  readonly port: number
  readonly connections: number
  readonly requests: Requests
  readonly perSecond: number
  readonly seconds: number
}

export interface Measured {
  readonly offeredPerSecond: number
  readonly answeredPerSecond: number | null
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>
  readonly clickToAnswerP50Ms: number | null
  readonly clickToAnswerP99Ms: number | null
  readonly clickToAnswerMaxMs: number | null
  /** The most clicks that waited for a connection. */
  readonly waitedMost: number
  /** CPU of all serving processes, for each click. */
  readonly cpuMicrosecondsEach: number | null
  /** Shares of a core: of all serving processes, of the first one's event loop, of this generator, of strangers. */
  readonly serverBusy: number | null
  readonly loopBusy: number | null
  readonly generatorBusy: number | null
  readonly othersBusy: number | null
}

export async function measured(options: Measuring): Promise<Measured> {
  const { pids, perSecond, seconds } = options
  const clicks = await Clicks.open(options)
  const look = () => ({
    at: performance.now() * 1000,
    server: pids.reduce((sum, pid) => sum + cpuMicrosecondsOf(pid), 0),
    loop: loopMicrosecondsOf(pids[0] as number),
    own: ownCpuMicroseconds(),
    all: machineCpuMicroseconds(),
  })
  const before = look()
  await clicks.run(perSecond, seconds)
  const after = look()
  clicks.close()
  const elapsed = after.at - before.at
  const server = after.server - before.server
  const own = after.own - before.own
  const { latency, answered, statuses, waitedMost } = clicks
  return {
    offeredPerSecond: perSecond,
    answeredPerSecond: rounded((answered / elapsed) * 1e6),
    statuses: Object.fromEntries(statuses),
    clickToAnswerP50Ms: rounded(latency.percentileMs(0.5)),
    clickToAnswerP99Ms: rounded(latency.percentileMs(0.99)),
    clickToAnswerMaxMs: rounded(latency.maxMs),
    waitedMost,
    cpuMicrosecondsEach: rounded(server / Math.max(1, answered)),
    serverBusy: rounded(server / elapsed),
    loopBusy: rounded((after.loop - before.loop) / elapsed),
    generatorBusy: rounded(own / elapsed),
    othersBusy: rounded(Math.max(0, after.all - before.all - server - own) / elapsed),
  }
}

/** CPU time of a process's first thread, which its event loop runs on. */
const loopMicrosecondsOf = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "latin1").split(" ", 1)[0]) / 1000
