// What does it cost to push to one listener, when 10,000 are connected and each listens at a channel of its own?
// And what does a channel cost that holds one message and that nobody listens to? Most pushes and channels are such.
import { Crowd } from "./load/crowd.ts"
import { measureRun, type RunFigures } from "./load/run.ts"
import type { Aim } from "./load/publisher.ts"
import { Publishing } from "./load/publishing.ts"
import { Tally } from "./load/tally.ts"
import { readFlags } from "./measure/flags.ts"
import { settled } from "./measure/memory.ts"
import { cpuMicrosecondsOf } from "./measure/process-cost.ts"
import { machine, printLine, printTable, warnOfOthers } from "./measure/report.ts"
import { inLine, rounded, spreadOf, spreadOfRatios } from "./measure/spread.ts"
import { peersHere } from "./peers/all.ts"
import type { Peer } from "./peers/peer.ts"

const flags = readFlags({
  peers: ["bare-bun", "laba", "nchan", "ws"],
  connections: 10_000,
  /** Publishers times requests in flight on each: one POST at a time, side by side, and pipelined. */
  inFlight: ["1x1", "16x1", "4x16"],
  rounds: 5,
  seconds: 2,
  warmSeconds: 1,
  messageBytes: 120,
  channels: 1_000_000,
})

/** All of the same length, so that requests can be stamped in place. */
const pathOf = (index: number): string => `/bench/one/${String(index).padStart(8, "0")}`

const figures = new Map<string, { peer: string; inFlight: string; rounds: RunFigures[] }>()
const peers = peersHere(flags.peers)
let faults = 0

printLine("one-to-one", { machine: machine(), flags })
for (let round = 0; round < flags.rounds; round++) for (const peer of peers) await measurePushes(peer)
for (const { peer, inFlight, rounds } of figures.values()) {
  const spread = (of: (figure: RunFigures) => number) => inLine(spreadOf(rounds.map(of)))
  printLine("one-to-one", {
    peer,
    inFlight,
    connections: flags.connections,
    rounds: rounds.length,
    pushesPerSecond: spread((each) => each.deliveriesPerSecond),
    serverCpuMicrosecondsPerPush: spread((each) => each.serverCpuPerPublish),
    generatorBusy: spread((each) => each.generatorBusy),
    othersBusy: spread((each) => each.othersBusy),
    pushP50Ms: spread((each) => each.p50Ms),
    pushP99Ms: spread((each) => each.p99Ms),
    answerP99Ms: spread((each) => each.answerP99Ms),
  })
}
warnOfOthers([...figures.values()].flatMap(({ rounds }) => rounds.map((each) => each.othersBusy)))
printTable(
  `Pushing to one of ${flags.connections} connections: medians of ${flags.rounds} rounds`,
  ["in flight", "server", "pushes/s", "CPU µs/push", "× bare Bun", "p50 ms", "p99 ms"],
  [...figures.values()]
    .sort((a, b) => flags.inFlight.indexOf(a.inFlight) - flags.inFlight.indexOf(b.inFlight))
    .map(({ peer, inFlight, rounds }) => {
      const median = (of: (figure: RunFigures) => number): number => spreadOf(rounds.map(of)).median
      const cpu = rounds.map((each) => each.serverCpuPerPublish)
      const bare = figures.get(`bare-bun ${inFlight}`)?.rounds.map((each) => each.serverCpuPerPublish) ?? []
      return [
        inFlight,
        peer,
        String(Math.round(median((each) => each.deliveriesPerSecond))),
        String(rounded(spreadOf(cpu).median)),
        String(rounded(spreadOfRatios(cpu, bare).median) ?? ""),
        String(rounded(median((each) => each.p50Ms))),
        String(rounded(median((each) => each.p99Ms))),
      ]
    }),
)
if (flags.channels > 0) {
  const rows: string[][] = []
  for (const peer of peers.filter((each) => each.name === "laba" || each.name === "nchan")) {
    rows.push(await measureChannels(peer))
  }
  printTable(
    `${flags.channels} channels, each with one message of ${flags.messageBytes} bytes and no listener`,
    ["server", "bytes a channel", "publishes/s", "CPU µs/publish"],
    rows,
  )
}
if (faults > 0) process.exitCode = 1

async function measurePushes(peer: Peer): Promise<void> {
  await using server = await peer.start()
  const { connections, messageBytes } = flags
  const shapes = flags.inFlight.map((text) => text.split("x").map(Number) as [number, number])
  const tally = new Tally({
    listeners: connections,
    publishers: Math.max(...shapes.map(([publishers]) => publishers)),
    sampleEvery: 1,
  })
  const crowd = await Crowd.open({
    port: server.port,
    way: "websocket",
    listeners: connections,
    pathOf,
    tally,
    messageBytes,
  })
  for (const [publishers, window] of shapes) {
    // Each publisher goes round its own share of the channels, so that each listener's numbers are without a gap.
    const share = Math.floor(connections / publishers)
    const aim = (publisher: number, sent: number): Aim => ({
      path: pathOf(publisher * share + ((sent - 1) % share)),
      number: Math.floor((sent - 1) / share) + 1,
    })
    const options = {
      peer: server,
      publishers,
      window,
      messageBytes,
      aim,
      audience: 1,
      until: "answered",
    } as const
    await measureRun(tally, crowd, { ...options, seconds: flags.warmSeconds })
    const measured = await measureRun(tally, crowd, { ...options, seconds: flags.seconds })
    const inFlight = `${publishers}x${window}`
    const key = `${peer.name} ${inFlight}`
    figures.set(key, { peer: peer.name, inFlight, rounds: [...(figures.get(key)?.rounds ?? []), measured] })
    console.error(`${key}: ${Math.round(measured.deliveriesPerSecond)} pushes/s`)
  }
  crowd.close()
  note(peer, tally)
}

async function measureChannels(peer: Peer): Promise<string[]> {
  await using server = await peer.start({ historySeconds: 3600, historyBytesMax: 4 * 1024 ** 3 })
  const { messageBytes, channels } = flags
  const tally = new Tally({ listeners: 1, publishers: 4, sampleEvery: 1 })
  /** A first part is left out of the figure: the code is compiled and the tables have their first pages by then. */
  const warm = Math.floor(channels / 50)
  let next = 0
  const publish = async (count: number): Promise<number> => {
    const last = next + count
    const publishing = await Publishing.open({
      port: server.port,
      publishers: 4,
      window: 16,
      messageBytes,
      aim: () => ({ path: pathOf(next++), number: 1 }),
      mayPublish: () => next < last,
      onFault: (what) => tally.fault(what),
    })
    const began = performance.now()
    publishing.start()
    while (next < last && tally.faultCount === 0) await Bun.sleep(5)
    await publishing.stop()
    publishing.close()
    return (performance.now() - began) / 1000
  }
  await publish(warm)
  const before = await settled(server)
  const cpuBefore = cpuMicrosecondsOf(server.pid)
  const seconds = await publish(channels)
  const cpu = cpuMicrosecondsOf(server.pid) - cpuBefore
  const bytes = ((await settled(server)) - before) / channels
  // A figure of channels that were forgotten meanwhile would be a lie.
  for (const index of [0, warm, warm + (channels >> 1), warm + channels - 1])
    await checkKept(server.port, index, tally)
  note(peer, tally)
  const answer = { bytesPerChannel: rounded(bytes), publishesPerSecond: rounded(channels / seconds) }
  printLine("one-to-one", {
    peer: peer.name,
    channels,
    ...answer,
    serverCpuMicrosecondsPerPublish: rounded(cpu / channels),
  })
  return [
    peer.name,
    String(Math.round(bytes)),
    String(Math.round(channels / seconds)),
    String(rounded(cpu / channels)),
  ]
}

async function checkKept(port: number, index: number, tally: Tally): Promise<void> {
  const kept = await fetch(`http://127.0.0.1:${port}${pathOf(index)}`)
  const text = await kept.text()
  // nchan answers with what it knows of the channel, Laba with the message itself.
  if (!text.startsWith("#") && !/^queued messages: 1\b/.test(text))
    tally.fault(`channel ${index} holds no message: ${kept.status} ${text.slice(0, 100)}`)
}

function note(peer: Peer, tally: Tally): void {
  faults += tally.faultCount
  for (const fault of tally.faults) console.error(`!!! ${peer.name}: ${fault}`)
}
