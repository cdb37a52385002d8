// What does it cost to be many? Nodes over one Redis: a channel that all of them hear, a channel of one listener each, and the
// backend API's push to a user, which also tells how many connections heard it.
// Laba with both ways of routing, beside Socket.IO with its Redis streams adapter, in one run; one node without Redis
// shows what the hop adds.
import { SignJWT } from "jose"
import { makeKey } from "../src/access/credentials/keys.ts"
import { Crowd } from "./load/crowd.ts"
import { listenPath } from "./load/paths.ts"
import type { Aim, Envelope } from "./load/publisher.ts"
import { Publishing } from "./load/publishing.ts"
import { Tally } from "./load/tally.ts"
import { untilHeard } from "./load/waiting.ts"
import { readFlags } from "./measure/flags.ts"
import { machineCpuMicroseconds, ownCpuMicroseconds } from "./measure/process-cost.ts"
import { machine, printLine, printTable, warnOfOthers } from "./measure/report.ts"
import { rounded, spreadOf } from "./measure/spread.ts"
import {
  type Cluster,
  type ClusterCost,
  type ClusterKind,
  clusterKinds,
  startCluster,
} from "./peers/cluster.ts"

const flags = readFlags({
  kinds: ["memory", "targeted", "broadcast", "socket.io"],
  nodes: [2, 4, 8],
  /** Listeners of the one channel, all nodes together. */
  listeners: 400,
  /** Users, each with one connection, all nodes together. */
  users: 1000,
  /** Publishes in flight: one shows the hop, many the throughput. */
  inFlight: [1, 32],
  rounds: 3,
  seconds: 3,
  warmSeconds: 1,
  messageBytes: 120,
})

interface Figures {
  readonly messagesPerSecond: number
  readonly nodesCpu: number
  readonly redisCpu: number
  readonly redisBytes: number
  readonly redisCommands: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly othersBusy: number
}

interface Question {
  readonly name: "channel" | "one" | "push"
  readonly listeners: number
  readonly audience: number
  readonly kinds: readonly ClusterKind[]
  /** Where the one with this number listens. */
  readonly pathOf: (index: number) => string
  /** Where what is for this one is published. Default the same. */
  readonly aimOf?: (index: number) => string
  readonly envelope?: Envelope
  /** Users show tokens, and backends a key. */
  readonly guarded?: true
}

const digits = (index: number): string => String(index).padStart(6, "0")

const secret = "a secret for benches alone, of 32 bytes or more"
const key = makeKey("bench")
const guard = {
  tokens: { secret },
  keys: [{ name: "bench", sha256: key.sha256, publish: ["/**"], listen: ["/**"], manage: ["/**"] }],
}

async function tokensFor(users: number): Promise<string[]> {
  const sign = (_: unknown, index: number): Promise<string> =>
    new SignJWT({ sub: digits(index) })
      .setProtectedHeader({ alg: "HS256" })
      .setIssuedAt()
      .setExpirationTime("1h")
      .sign(new TextEncoder().encode(secret))
  return Promise.all(Array.from({ length: users }, sign))
}

const questions: readonly Question[] = [
  {
    name: "channel",
    listeners: flags.listeners,
    audience: flags.listeners,
    kinds: clusterKinds,
    pathOf: () => "/bench/channel",
  },
  {
    name: "one",
    listeners: flags.users,
    audience: 1,
    kinds: clusterKinds,
    pathOf: (index) => `/bench/user/${digits(index)}`,
  },
  {
    name: "push",
    listeners: flags.users,
    audience: 1,
    kinds: ["memory", "targeted", "broadcast"],
    pathOf: (index) => `/@${digits(index)}/bench`,
    aimOf: (index) => `/_/api/users/${digits(index)}/messages`,
    envelope: { before: '{"topic":"bench","data":"', after: '"}', type: "application/json" },
    guarded: true,
  },
]

const answers = new Map<string, { readonly cells: readonly string[]; readonly rounds: Figures[] }>()
let faults = 0

printLine("cluster", { machine: machine(), flags })
const kinds = clusterKinds.filter((kind) => flags.kinds.includes(kind))
for (let round = 1; round <= flags.rounds; round++) {
  for (const kind of kinds) {
    for (const nodes of kind === "memory" ? [1] : flags.nodes) {
      for (const question of questions) if (question.kinds.includes(kind)) await ask(kind, nodes, question)
    }
  }
}
warnOfOthers([...answers.values()].flatMap(({ rounds }) => rounds.map(({ othersBusy }) => othersBusy)))
for (const { name } of questions) tableOf(name)
if (faults > 0) process.exitCode = 1

async function ask(kind: ClusterKind, count: number, question: Question): Promise<void> {
  const { listeners, pathOf, guarded } = question
  await using cluster = await startCluster(kind, count, guarded ? guard : {})
  const tokens = guarded ? await tokensFor(listeners) : null
  const { messageBytes } = flags
  const way = kind === "socket.io" ? "socket.io" : "websocket"
  const tally = new Tally({ listeners, publishers: Math.max(...flags.inFlight), sampleEvery: 1 })
  const share = Math.floor(listeners / cluster.nodes.length)
  const crowds: Crowd[] = []
  for (const [at, { port }] of cluster.nodes.entries()) {
    const last = at === cluster.nodes.length - 1
    crowds.push(
      await Crowd.open({
        port,
        way,
        first: at * share,
        listeners: last ? listeners - at * share : share,
        pathOf: (index) => listenPath(way, pathOf(index)),
        headersOf: tokens ? (index) => `Authorization: Bearer ${tokens[index]}\r\n` : undefined,
        tally,
        messageBytes,
      }),
    )
  }
  for (const inFlight of flags.inFlight) {
    await run(cluster, { tally, question, inFlight, seconds: flags.warmSeconds })
    const figures = await run(cluster, { tally, question, inFlight, seconds: flags.seconds })
    // Socket.IO promises no order between nodes: each hears its own messages first.
    if (question.audience > 1 && kind !== "socket.io")
      tally.compareOrders(crowds.flatMap(({ indexes }) => indexes))
    const cells = [question.name, String(inFlight), String(count), kind]
    const key = cells.join(" ")
    const entry = answers.get(key) ?? { cells, rounds: [] }
    entry.rounds.push(figures)
    answers.set(key, entry)
    const printed = Object.entries(figures).map(([name, figure]) => [name, rounded(figure)])
    printLine("cluster", {
      question: question.name,
      kind,
      nodes: count,
      inFlight,
      ...Object.fromEntries(printed),
    })
  }
  for (const crowd of crowds) crowd.close()
  faults += tally.faultCount
  for (const fault of tally.faults) console.error(`!!! ${kind}, ${count} nodes: ${fault}`)
}

interface RunOptions {
  readonly tally: Tally
  readonly question: Question
  readonly inFlight: number
  readonly seconds: number
}

/** Publishers go round the nodes, and each round its own share of the users. */
async function run(cluster: Cluster, { tally, question, inFlight, seconds }: RunOptions): Promise<Figures> {
  const { audience, listeners, pathOf, aimOf = pathOf, envelope, guarded } = question
  const share = Math.floor(listeners / inFlight)
  const aim = (publisher: number, sent: number): Aim =>
    audience > 1
      ? { path: aimOf(0), number: sent }
      : {
          path: aimOf(publisher * share + ((sent - 1) % share)),
          number: Math.floor((sent - 1) / share) + 1,
        }
  const publishings: Publishing[] = []
  for (let each = 0; each < inFlight; each++) {
    const node = cluster.nodes[each % cluster.nodes.length] as Cluster["nodes"][number]
    publishings.push(
      await Publishing.open({
        port: node.port,
        publishers: 1,
        first: each,
        messageBytes: flags.messageBytes,
        headers: guarded ? `Authorization: Bearer ${key.text}\r\n` : undefined,
        envelope,
        aim,
        onFault: (what) => tally.fault(what),
      }),
    )
  }
  const heardBefore = tally.deliveries
  tally.startRun()
  const before = await cluster.cost()
  const ownBefore = ownCpuMicroseconds()
  const machineBefore = machineCpuMicroseconds()
  const began = performance.now()
  for (const publishing of publishings) publishing.start()
  await Bun.sleep(seconds * 1000)
  await Promise.all(publishings.map((publishing) => publishing.stop()))
  const messages = publishings.reduce((sum, { published }) => sum + published, 0)
  await untilHeard(tally, heardBefore + messages * audience)
  const milliseconds = performance.now() - began
  const after = await cluster.cost()
  const own = ownCpuMicroseconds() - ownBefore
  const all = machineCpuMicroseconds() - machineBefore
  for (const publishing of publishings) publishing.close()
  const each = (name: keyof ClusterCost): number => (after[name] - before[name]) / messages
  const ours = own + (each("nodesCpu") + each("redisCpu")) * messages
  return {
    messagesPerSecond: (messages / milliseconds) * 1000,
    nodesCpu: each("nodesCpu"),
    redisCpu: each("redisCpu"),
    redisBytes: each("redisBytesOut"),
    redisCommands: each("redisCommands"),
    p50Ms: tally.latency.percentileMs(0.5),
    p99Ms: tally.latency.percentileMs(0.99),
    othersBusy: Math.max(0, (all - ours) / 1000 / milliseconds),
  }
}

function tableOf(name: Question["name"]): void {
  const rows = [...answers.values()]
    .filter(({ cells }) => cells[0] === name)
    .sort((a, b) => Number(a.cells[1]) - Number(b.cells[1]) || Number(a.cells[2]) - Number(b.cells[2]))
    .map(({ cells, rounds }) => {
      const median = (figure: keyof Figures): string =>
        String(rounded(spreadOf(rounds.map((round) => round[figure])).median) ?? "")
      return [
        ...cells.slice(1),
        median("messagesPerSecond"),
        median("nodesCpu"),
        median("redisCpu"),
        median("redisBytes"),
        median("redisCommands"),
        median("p50Ms"),
        median("p99Ms"),
      ]
    })
  const titles = {
    channel: `One channel with ${flags.listeners} listeners on all nodes`,
    one: `Publishes to one of ${flags.users} channels, each with one listener`,
    push: `Pushes to one of ${flags.users} users by the backend API`,
  } as const
  printTable(
    `${titles[name]}: medians of ${flags.rounds} rounds`,
    [
      "in flight",
      "nodes",
      "kind",
      "messages/s",
      "nodes' CPU µs a message",
      "Redis' CPU µs",
      "bytes out of Redis",
      "commands in Redis",
      "p50 ms",
      "p99 ms",
    ],
    rows,
  )
}
