// What do keys, tokens and rules cost: a publish, a connect, a delivery, beside the same server without them?
// All setups are measured in turn in each round, each with a fresh process, so that a ratio is of the same minutes.
import { SignJWT } from "jose"
import { makeKey } from "../src/access/credentials/keys.ts"
import { Crowd } from "./load/crowd.ts"
import { measureRun, type RunFigures } from "./load/run.ts"
import { Tally } from "./load/tally.ts"
import { readFlags } from "./measure/flags.ts"
import { cpuMicrosecondsOf } from "./measure/process-cost.ts"
import { machine, printLine, printTable, warnOfOthers } from "./measure/report.ts"
import { inLine, rounded, spreadOf, spreadOfRatios } from "./measure/spread.ts"
import { laba } from "./peers/laba.ts"
import type { RunningPeer } from "./peers/peer.ts"

const flags = readFlags({
  listeners: 1000,
  connections: 4000,
  depth: 4,
  rounds: 5,
  seconds: 2,
  warmSeconds: 1,
  messageBytes: 120,
})

const channel = "/bench/access"
const key = makeKey("bench")
const secret = "the secret of this bench, of 32 bytes or more"

/** Rules and both kinds of credentials; the rates are off, since the bench is one user who publishes as fast as it can. */
const guarded = {
  keys: [{ name: "bench", sha256: key.sha256, publish: ["/bench/**"], listen: ["/bench/**"] }],
  tokens: { secret, issuer: "bench", audience: "laba" },
  limits: { publishesPerUserPerSecond: 0 },
}

interface Setup {
  readonly name: string
  readonly config: Readonly<Record<string, unknown>>
  readonly rule: Readonly<Record<string, unknown>>
  /** Of a publish. */
  readonly headers: string
  /** Of a listener. */
  readonly headersOf: (listener: number) => string
}

const bearing = (credential: string): string => `Authorization: Bearer ${credential}\r\n`

const setups: readonly Setup[] = [
  { name: "nothing configured", config: {}, rule: {}, headers: "", headersOf: () => "" },
  {
    name: "keys",
    config: guarded,
    rule: { publish: "key", listen: "key" },
    headers: bearing(key.text),
    headersOf: () => bearing(key.text),
  },
  // Every listener is another user, so every token is verified; the publisher's is, once.
  {
    name: "tokens",
    config: guarded,
    rule: { publish: "token", listen: "token" },
    headers: bearing(await sign(0)),
    headersOf: await tokensOf(flags.connections),
  },
]

/** What each round measured of a setup, in microseconds of server CPU. */
interface Measured {
  readonly publish: number[]
  readonly connect: number[]
  readonly delivery: number[]
}

const figures = new Map<string, Measured>(
  setups.map(({ name }) => [name, { publish: [], connect: [], delivery: [] }]),
)
const others: number[] = []
let faults = 0

printLine("access", { machine: machine(), flags })
for (let round = 0; round < flags.rounds; round++) {
  for (const setup of setups) {
    const measured = figures.get(setup.name) as Measured
    measured.connect.push(await measureConnects(setup))
    const publishing = await measurePublishes(setup, 1)
    measured.publish.push(publishing.serverCpuPerPublish)
    const delivering = await measurePublishes(setup, flags.listeners)
    measured.delivery.push(delivering.serverCpuPerDelivery)
    others.push(publishing.othersBusy, delivering.othersBusy)
    console.error(
      `round ${round + 1} ${setup.name}: ${JSON.stringify(Object.fromEntries(Object.entries(measured).map(([what, all]) => [what, rounded(all.at(-1) as number)])))}`,
    )
  }
}

const plain = figures.get("nothing configured") as Measured
const rows: string[][] = []
for (const what of ["publish", "connect", "delivery"] as const) {
  for (const { name } of setups) {
    const all = (figures.get(name) as Measured)[what]
    const ratio = spreadOfRatios(all, plain[what])
    printLine("access", {
      what,
      setup: name,
      rounds: all.length,
      serverCpuMicroseconds: inLine(spreadOf(all)),
      timesNothingConfigured: inLine(ratio),
    })
    rows.push([
      what,
      name,
      String(rounded(spreadOf(all).median)),
      `${rounded(ratio.median)} (${rounded(ratio.min)}-${rounded(ratio.max)})`,
    ])
  }
}
warnOfOthers(others)
printTable(
  `Server CPU with keys, tokens and rules: medians of ${flags.rounds} rounds`,
  ["a", "with", "CPU µs", "× nothing configured"],
  rows,
)
if (faults > 0) process.exitCode = 1

/** Microseconds for one WebSocket that connects, its token verified. */
async function measureConnects(setup: Setup): Promise<number> {
  await using server = await start(setup)
  const { connections, messageBytes } = flags
  const warm = Math.min(500, connections >> 2)
  const tally = new Tally({ listeners: connections, publishers: 1, sampleEvery: connections })
  const open = (from: number, listeners: number): Promise<Crowd> =>
    Crowd.open({
      port: server.port,
      way: "websocket",
      listeners,
      pathOf: () => channel,
      headersOf: (listener) => setup.headersOf(from + listener),
      tally,
      messageBytes,
    })
  const first = await open(0, warm)
  const before = cpuMicrosecondsOf(server.pid)
  const crowd = await open(warm, connections - warm)
  const cpu = cpuMicrosecondsOf(server.pid) - before
  first.close()
  crowd.close()
  note(setup, tally)
  return cpu / (connections - warm)
}

async function measurePublishes(setup: Setup, listeners: number): Promise<RunFigures> {
  await using server = await start(setup)
  const { messageBytes, depth } = flags
  const tally = new Tally({
    listeners,
    publishers: depth,
    sampleEvery: Math.max(1, Math.floor(listeners / 50)),
  })
  const crowd = await Crowd.open({
    port: server.port,
    way: "websocket",
    listeners,
    pathOf: () => channel,
    headersOf: setup.headersOf,
    tally,
    messageBytes,
  })
  const options = {
    peer: server,
    publishers: depth,
    messageBytes,
    headers: setup.headers,
    aim: (_: number, sent: number) => ({ path: channel, number: sent }),
    audience: listeners,
    until: "answered",
  } as const
  await measureRun(tally, crowd, { ...options, seconds: flags.warmSeconds })
  const measured = await measureRun(tally, crowd, { ...options, seconds: flags.seconds })
  crowd.close()
  note(setup, tally)
  return measured
}

function start({ config, rule }: Setup): Promise<RunningPeer> {
  return laba.start({ config, rule })
}

function note({ name }: Setup, tally: Tally): void {
  faults += tally.faultCount
  for (const fault of tally.faults) console.error(`!!! ${name}: ${fault}`)
}

async function tokensOf(count: number): Promise<(listener: number) => string> {
  const tokens: string[] = []
  for (let user = 0; user < count; user++) tokens.push(bearing(await sign(user)))
  return (listener) => tokens[listener % count] as string
}

function sign(user: number): Promise<string> {
  return new SignJWT({ sub: String(user) })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer("bench")
    .setAudience("laba")
    .setIssuedAt()
    .setExpirationTime("6h")
    .sign(new TextEncoder().encode(secret))
}
