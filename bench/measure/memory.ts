// Memory of one idle connection: resident memory before and after opening a crowd on a server that is already warm.
import { Crowd } from "../load/crowd.ts"
import type { Way } from "../load/listening.ts"
import { Tally } from "../load/tally.ts"
import type { RunningPeer } from "../peers/peer.ts"
import { residentBytesOf } from "./process-cost.ts"

export interface ConnectionMemory {
  readonly bytes: number
  readonly connectsPerSecond: number
}

interface MemoryOptions {
  readonly peer: RunningPeer
  readonly way: Way
  readonly connections: number
  readonly pathOf: (listener: number) => string
}

/** So many stay open from before the first look: code is compiled and pools have their first pages by then. */
const warmConnections = 500
const settleMs = 1500

export async function measureConnections(options: MemoryOptions): Promise<ConnectionMemory> {
  const { peer, way, connections } = options
  const total = warmConnections + connections
  const tally = new Tally({ listeners: total, publishers: 1, sampleEvery: total })
  const open = (listeners: number, from: number): Promise<Crowd> =>
    Crowd.open({
      port: peer.port,
      way,
      listeners,
      pathOf: (listener) => options.pathOf(from + listener),
      tally,
      messageBytes: 120,
    })
  const warm = await open(warmConnections, 0)
  const before = await settled(peer)
  const crowd = await open(connections, warmConnections)
  const after = await settled(peer)
  warm.close()
  crowd.close()
  if (tally.faultCount > 0) throw new Error(tally.faults.join("; "))
  return { bytes: (after - before) / connections, connectsPerSecond: connections / crowd.openSeconds }
}

/** Resident bytes once garbage is collected and freed pages had time to go back. */
export async function settled(peer: RunningPeer): Promise<number> {
  await peer.gauge?.collectGarbage()
  await Bun.sleep(settleMs)
  await peer.gauge?.collectGarbage()
  return residentBytesOf(peer.pid)
}
