// Does it lose anything or grow, while clients come and go and messages are published for ten minutes?
// Exits non-zero when a message was lost, doubled or out of order, and when memory at the end is not what it was.
import { Churn } from "./load/churn.ts"
import { Crowd } from "./load/crowd.ts"
import { Pace } from "./load/pace.ts"
import { Publishing } from "./load/publishing.ts"
import { Tally } from "./load/tally.ts"
import { untilStayersHeard } from "./load/waiting.ts"
import { readFlags } from "./measure/flags.ts"
import { cpuMicrosecondsOf, residentBytesOf } from "./measure/process-cost.ts"
import { machine, printLine } from "./measure/report.ts"
import { rounded, spreadOf } from "./measure/spread.ts"
import { peersHere } from "./peers/all.ts"

const flags = readFlags({
  peer: "laba",
  seconds: 600,
  /** WebSockets that stay from beginning to end and must hear everything. */
  stayers: 500,
  /** Those who come and go, half by WebSocket and half by SSE; each stays `comers / changesPerSecond` seconds. */
  comers: 500,
  changesPerSecond: 50,
  messagesPerSecond: 200,
  /**
   * Channels that nobody listens to, used in turn, and messages a second to them. Each comes back after 100 s, when its
   * history has expired. With names that never come back the server would rightly grow, up to its budget for
   * history: it remembers where a channel's numbers stood.
   */
  passingChannels: 5000,
  passingMessagesPerSecond: 50,
  messageBytes: 120,
})

const channel = "/bench/soak"
/** Memory is compared between these parts of the run: of ten minutes, minutes three and four and the last two. */
const early = { from: 0.2, to: 0.4 }
const late = { from: 0.8, to: 1 }
const growthMax = 0.05

const [peer] = peersHere([flags.peer])
if (!peer) process.exit(1)
await using server = await peer.start()
const { port } = server
const { messageBytes, seconds } = flags
const publishers = 4
const half = Math.floor(flags.comers / 2)
const tally = new Tally({ listeners: flags.stayers + half, publishers, sampleEvery: 20 })
const streamTally = new Tally({ listeners: half, publishers, sampleEvery: half })

const pathOf = (): string => channel
const sockets = await Crowd.open({
  port,
  way: "websocket",
  listeners: flags.stayers + half,
  pathOf,
  tally,
  messageBytes,
})
const streams = await Crowd.open({
  port,
  way: "sse",
  listeners: half,
  pathOf,
  tally: streamTally,
  messageBytes,
})
const perSecond = flags.changesPerSecond / 2
const comers = Array.from({ length: half }, (_, index) => index)
const churns = [
  new Churn(sockets, tally, { indexes: comers.map((index) => flags.stayers + index), perSecond }),
  new Churn(streams, streamTally, { indexes: comers, perSecond }),
]

const pace = new Pace(flags.messagesPerSecond)
const publishing = await Publishing.open({
  port,
  publishers,
  messageBytes,
  aim: (_, sent) => ({ path: channel, number: sent }),
  mayPublish: pace.mayPublish,
  onFault: (what) => tally.fault(what),
})
const passingPace = new Pace(flags.passingMessagesPerSecond)
let passing = 0
const passingBy = await Publishing.open({
  port,
  publishers: 1,
  messageBytes,
  aim: () => ({
    path: `/bench/passing/${String(passing++ % flags.passingChannels).padStart(9, "0")}`,
    number: 1,
  }),
  mayPublish: passingPace.mayPublish,
  onFault: (what) => tally.fault(what),
})

printLine("soak", { machine: machine(), flags })
const resident: { at: number; bytes: number }[] = []
const cpuBefore = cpuMicrosecondsOf(server.pid)
const began = performance.now()
publishing.start()
passingBy.start()
pace.start(publishing)
passingPace.start(passingBy)
for (let second = 1; second <= seconds; second++) {
  await Bun.sleep(Math.max(0, began + second * 1000 - performance.now()))
  const bytes = residentBytesOf(server.pid)
  resident.push({ at: second / seconds, bytes })
  if (second % 30 === 0) {
    const heard = tally.deliveries + streamTally.deliveries
    console.error(`${second} s: ${Math.round(bytes / 1024)} KB, ${heard} deliveries, ${faultCount()} faults`)
  }
}
const cpu = cpuMicrosecondsOf(server.pid) - cpuBefore
pace.stop()
passingPace.stop()
await Promise.all(churns.map((churn) => churn.stop()))
await Promise.all([publishing.stop(), passingBy.stop()])
await untilStayersHeard(tally, { staying: flags.stayers, messages: publishing.published })
tally.compareOrders(sockets.indexes.filter((index) => index < flags.stayers))

const residentIn = (part: { from: number; to: number }): number =>
  spreadOf(resident.filter(({ at }) => at > part.from && at <= part.to).map(({ bytes }) => bytes)).median
const growth = residentIn(late) / residentIn(early) - 1
const steady = Math.abs(growth) <= growthMax
printLine("soak", {
  peer: peer.name,
  seconds,
  published: publishing.published,
  passingMessages: passing,
  deliveries: tally.deliveries + streamTally.deliveries,
  connects: churns.reduce((sum, churn) => sum + churn.changes, 0),
  faults: faultCount(),
  residentBytes: { early: residentIn(early), late: residentIn(late), growth: rounded(growth) },
  serverBusy: rounded(cpu / 1e6 / seconds),
  latencyP99Ms: rounded(tally.latency.percentileMs(0.99)),
  passed: steady && faultCount() === 0,
})
for (const fault of [...tally.faults, ...streamTally.faults]) console.error(`!!! ${fault}`)
if (!steady)
  console.error(`!!! memory changed by ${(growth * 100).toFixed(1)} %, more than ${growthMax * 100} %`)
publishing.close()
passingBy.close()
sockets.close()
streams.close()
if (!steady || faultCount() > 0) process.exitCode = 1

function faultCount(): number {
  return tally.faultCount + streamTally.faultCount
}
