// What does it cost to bring one message to many listeners, beside bare Bun, nchan, ws and Socket.IO?
// Rounds go over all peers in turn, each with a fresh process, so that a ratio compares figures of the same minutes.
import { Crowd } from "./load/crowd.ts"
import type { Way } from "./load/listening.ts"
import { listenPath } from "./load/paths.ts"
import { measureRun, type RunFigures } from "./load/run.ts"
import { Tally } from "./load/tally.ts"
import { type Case, fanOutTables } from "./measure/fan-out-tables.ts"
import { readFlags } from "./measure/flags.ts"
import { type ConnectionMemory, measureConnections } from "./measure/memory.ts"
import { machine, printLine, warnOfOthers } from "./measure/report.ts"
import { inLine, spreadOf } from "./measure/spread.ts"
import { peersHere } from "./peers/all.ts"
import type { Peer } from "./peers/peer.ts"

const flags = readFlags({
  peers: ["bare-bun", "laba", "nchan", "ws", "socket.io"],
  ways: ["websocket", "laba.v1", "sse", "socket.io"],
  listeners: [10, 1000, 5000],
  depths: [1, 4, 10, 64],
  rounds: 5,
  seconds: 2,
  warmSeconds: 1,
  messageBytes: 120,
  memoryConnections: 5000,
  until: "answered",
})

const channel = "/bench/fan-out"
const figures = new Map<string, { case: Case; rounds: RunFigures[] }>()
const memories = new Map<string, { peer: string; way: Way; rounds: ConnectionMemory[] }>()
const peers = peersHere(flags.peers)
const pairs = peers.flatMap((peer) =>
  peer.ways.filter((way) => flags.ways.includes(way)).map((way) => ({ peer, way })),
)
let faults = 0

printLine("fan-out", { machine: machine(), flags })
for (let round = 0; round < flags.rounds; round++) {
  for (const listeners of flags.listeners) {
    for (const { peer, way } of pairs) await measurePeer(peer, way, listeners, round)
  }
  if (flags.memoryConnections > 0) for (const { peer, way } of pairs) await measureMemory(peer, way, round)
}

for (const { case: measured, rounds } of figures.values()) {
  const spread = (of: (figure: RunFigures) => number) => inLine(spreadOf(rounds.map(of)))
  printLine("fan-out", {
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
for (const { peer, way, rounds } of memories.values()) {
  printLine("fan-out", {
    peer,
    way,
    rounds: rounds.length,
    bytesPerConnection: inLine(spreadOf(rounds.map((each) => each.bytes))),
    connectsPerSecond: inLine(spreadOf(rounds.map((each) => each.connectsPerSecond))),
  })
}
warnOfOthers([...figures.values()].flatMap(({ rounds }) => rounds.map((each) => each.othersBusy)))
fanOutTables([...figures.values()], [...memories.values()])
if (faults > 0) {
  console.error(`\n${faults} faults: something was lost, doubled or out of order.`)
  process.exitCode = 1
}

async function measurePeer(peer: Peer, way: Way, listeners: number, round: number): Promise<void> {
  await using server = await peer.start()
  const { messageBytes } = flags
  const tally = new Tally({
    listeners,
    publishers: Math.max(...flags.depths),
    sampleEvery: Math.max(1, Math.floor(listeners / 50)),
  })
  const pathOf = (): string => listenPath(way, channel)
  const crowd = await Crowd.open({ port: server.port, way, listeners, pathOf, tally, messageBytes })
  for (const depth of flags.depths) {
    const until = flags.until === "heard" ? "heard" : "answered"
    const aim = (_: number, sent: number) => ({ path: channel, number: sent })
    const options = {
      peer: server,
      publishers: depth,
      messageBytes,
      aim,
      audience: listeners,
      until,
    } as const
    await measureRun(tally, crowd, { ...options, seconds: flags.warmSeconds })
    const measured = await measureRun(tally, crowd, { ...options, seconds: flags.seconds })
    const name = { peer: peer.name, way, listeners, depth }
    const key = JSON.stringify(name)
    figures.set(key, { case: name, rounds: [...(figures.get(key)?.rounds ?? []), measured] })
    console.error(
      `round ${round + 1} ${peer.name} ${way} ${listeners} listeners, ${depth} in flight: ` +
        `${measured.serverCpuPerDelivery.toFixed(3)} µs, ${Math.round(measured.deliveriesPerSecond)} deliveries/s`,
    )
  }
  crowd.close()
  faults += tally.faultCount
  for (const fault of tally.faults) console.error(`!!! ${peer.name} ${way}: ${fault}`)
}

async function measureMemory(peer: Peer, way: Way, round: number): Promise<void> {
  await using server = await peer.start()
  const pathOf = (): string => listenPath(way, channel)
  const measured = await measureConnections({
    peer: server,
    way,
    connections: flags.memoryConnections,
    pathOf,
  })
  const key = `${peer.name} ${way}`
  memories.set(key, { peer: peer.name, way, rounds: [...(memories.get(key)?.rounds ?? []), measured] })
  console.error(
    `round ${round + 1} ${key}: ${Math.round(measured.bytes)} bytes a connection, ` +
      `${Math.round(measured.connectsPerSecond)} connects/s`,
  )
}
