// What does it cost to bring one message to many STOMP listeners, beside RabbitMQ, Spring's simple broker, and our own without an envelope?
// Ends by itself: each phase has a time after which it says what it got, and so has the whole.
import { readFlags } from "./measure/flags.ts"
import { machine, printLine, warnOfOthers } from "./measure/report.ts"
import { inLine, spreadOf } from "./measure/spread.ts"
import { peersHere } from "./peers/all.ts"
import type { RunFigures } from "./load/run.ts"
import { StompRounds } from "./stomp/rounds.ts"
import { stompTable } from "./stomp/table.ts"

const flags = readFlags({
  peers: ["laba", "rabbitmq", "spring"],
  ways: ["websocket", "stomp", "stomp-sockjs", "web-stomp", "spring-stomp"],
  listeners: [1000, 5000],
  depths: [1, 4],
  rounds: 3,
  seconds: 1.5,
  warmSeconds: 1,
  messageBytes: 120,
  /** In which all listeners of a case must be in. */
  openSeconds: 25,
  /** How long after the last publish is waited for what has not arrived. */
  tailSeconds: 5,
  /** After which no case is begun. */
  minutes: 6.5,
})

printLine("stomp", { machine: machine(), flags })
const pairs = peersHere(flags.peers).flatMap((peer) =>
  peer.ways.filter((way) => flags.ways.includes(way)).map((way) => ({ peer, way })),
)
const rounds = new StompRounds(flags)
const deadline = performance.now() + flags.minutes * 60_000
for (let round = 0; round < flags.rounds; round++) {
  console.error(`round ${round + 1} of ${flags.rounds}`)
  for (const listeners of flags.listeners) {
    for (const pair of pairs) {
      if (performance.now() < deadline) await rounds.measure(pair, { round, listeners })
      else rounds.leaveOut(pair, { round, listeners })
    }
  }
}

for (const { case: measured, rounds: figures } of rounds.cases) {
  const spread = (of: (figure: RunFigures) => number) => inLine(spreadOf(figures.map((each) => of(each))))
  printLine("stomp", {
    ...measured,
    rounds: figures.length,
    deliveries: spread((each) => each.deliveries),
    undelivered: spread((each) => each.undelivered),
    deliveriesPerSecond: spread((each) => each.deliveriesPerSecond),
    serverCpuMicrosecondsPerDelivery: spread((each) => each.serverCpuPerDelivery),
    serverBusy: spread((each) => each.serverBusy),
    generatorBusy: spread((each) => each.generatorBusy),
    othersBusy: spread((each) => each.othersBusy),
    latencyP50Ms: spread((each) => each.p50Ms),
    latencyP99Ms: spread((each) => each.p99Ms),
  })
}
warnOfOthers(rounds.cases.flatMap(({ rounds: figures }) => figures.map((each) => each.othersBusy)))
stompTable(rounds.cases)
for (const incident of rounds.incidents) console.error(`!!! ${incident}`)
if (rounds.incidents.length > 0) process.exitCode = 1
