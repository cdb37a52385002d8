// One measured run: a crowd listens, publishers publish for a while, and nobody stops the clocks before every listener
// has heard every message. So a server cannot look cheap by being late, and whatever is lost is found.
import { cpuMicrosecondsOf, machineCpuMicroseconds, ownCpuMicroseconds } from "../measure/process-cost.ts"
import type { RunningPeer } from "../peers/peer.ts"
import type { Churn } from "./churn.ts"
import type { Crowd } from "./crowd.ts"
import type { Aim } from "./publisher.ts"
import { Publishing } from "./publishing.ts"
import type { Tally } from "./tally.ts"
import { untilHeard, untilStayersHeard } from "./waiting.ts"

interface RunOptions {
  readonly peer: RunningPeer
  readonly seconds: number
  /** Messages in flight: publishers times their window. */
  readonly publishers: number
  /** Requests in flight on each publisher's connection. Default 1. */
  readonly window?: number
  readonly messageBytes: number
  /** More header lines of each publish, each with its end. Default none. */
  readonly headers?: string
  readonly aim: (publisher: number, sent: number) => Aim
  /** How many listeners hear each message. */
  readonly audience: number
  /** How many of them stay for the whole run, the first ones. Default: all. They must hear every message. */
  readonly staying?: number
  /** Those who come and go meanwhile. */
  readonly churn?: Churn
  /**
   * When a message is no longer in flight: when its POST was answered, as a publisher sees it, or when it was heard by
   * everybody (on average: deliveries so far divided by the audience).
   */
  readonly until: "answered" | "heard"
  /**
   * How long after the last publish is waited for what has not arrived, while something still arrives. Default: for ever.
   * What is missing then stands in `undelivered`, and the figures are those of what was heard.
   */
  readonly tailSecondsMax?: number
  /** False for a server that brings messages of several publishers to its listeners in different orders. Default true. */
  readonly hasOneOrder?: boolean
}

export interface RunFigures {
  readonly published: number
  readonly deliveries: number
  /** Deliveries that were given up. */
  readonly undelivered: number
  readonly seconds: number
  readonly deliveriesPerSecond: number
  readonly serverCpuPerDelivery: number
  readonly serverCpuPerPublish: number
  readonly generatorCpuPerDelivery: number
  /** Share of one core, 1 = all of it. */
  readonly serverBusy: number
  readonly generatorBusy: number
  /** What ran besides server and generator. A figure taken beside other work is worth little. */
  readonly othersBusy: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly answerP50Ms: number
  readonly answerP99Ms: number
}

export async function measureRun(tally: Tally, crowd: Crowd, options: RunOptions): Promise<RunFigures> {
  const { peer, publishers, window = 1, messageBytes, aim, audience } = options
  const deliveriesBefore = tally.deliveries
  const publishing: Publishing = await Publishing.open({
    port: peer.publishPort ?? peer.port,
    publishers,
    window,
    messageBytes,
    headers: options.headers,
    aim,
    mayPublish: () => options.until === "answered" || fewInFlight(),
    onFault: (what) => tally.fault(what),
  })
  // Deliveries that let the oldest message in flight count as heard by everybody.
  const fewInFlight = (): boolean => {
    const enough = deliveriesBefore + (publishing.published - publishers * window + 1) * audience
    if (tally.deliveries >= enough) return true
    tally.wakeAt = enough
    return false
  }
  tally.wake = () => publishing.wake()
  tally.startRun()
  const serverCpuBefore = cpuMicrosecondsOf(peer.pid)
  const ownCpuBefore = ownCpuMicroseconds()
  const machineCpuBefore = machineCpuMicroseconds()
  const began = performance.now()
  publishing.start()
  await Bun.sleep(options.seconds * 1000)
  await options.churn?.stop()
  await publishing.stop()
  const staying = options.staying ?? audience
  const expected = deliveriesBefore + publishing.published * audience
  const undelivered = options.churn
    ? await untilStayersHeard(tally, { staying, messages: publishing.published }, options.tailSecondsMax)
    : await untilHeard(tally, expected, options.tailSecondsMax)
  const milliseconds = performance.now() - began
  const serverCpu = cpuMicrosecondsOf(peer.pid) - serverCpuBefore
  const ownCpu = ownCpuMicroseconds() - ownCpuBefore
  const othersCpu = machineCpuMicroseconds() - machineCpuBefore - serverCpu - ownCpu
  tally.wakeAt = Number.POSITIVE_INFINITY
  publishing.close()
  const deliveries = tally.deliveries - deliveriesBefore
  if (audience > 1 && undelivered === 0 && options.hasOneOrder !== false)
    tally.compareOrders(crowd.indexes.filter((index) => index < staying))
  return {
    published: publishing.published,
    deliveries,
    undelivered,
    seconds: milliseconds / 1000,
    deliveriesPerSecond: (deliveries / milliseconds) * 1000,
    serverCpuPerDelivery: serverCpu / deliveries,
    serverCpuPerPublish: serverCpu / publishing.published,
    generatorCpuPerDelivery: ownCpu / deliveries,
    serverBusy: serverCpu / 1000 / milliseconds,
    generatorBusy: ownCpu / 1000 / milliseconds,
    othersBusy: Math.max(0, othersCpu / 1000 / milliseconds),
    p50Ms: tally.latency.percentileMs(0.5),
    p99Ms: tally.latency.percentileMs(0.99),
    answerP50Ms: publishing.answers.percentileMs(0.5),
    answerP99Ms: publishing.answers.percentileMs(0.99),
  }
}
