// One chaos run from one seed: three nodes under load while faults happen, then calm, then the verdict.
import { Random } from "../fuzz/random.ts"
import { until } from "../support/redis-servers.ts"
import { type CrowdOptions, listenOn, publishOn } from "./crowd.ts"
import { ListenerRecord, Ledger } from "./ledger.ts"
import { ChaosNode } from "./node.ts"
import { channels, type Fault, type Kind, startStage } from "./faults.ts"

interface RunOptions {
  readonly seed: number
  readonly kind: Kind
  readonly faults: number
  /** How long a pause or a cut lasts at most, in milliseconds. */
  readonly longestMs: number
}

interface Report {
  readonly seed: number
  readonly kind: Kind
  readonly faults: readonly string[]
  readonly answered: number
  readonly heard: number
  readonly resets: number
  readonly seconds: number
  /** What is wrong; empty when all is well. */
  readonly findings: readonly string[]
}

const nodesCount = 3
const listenersPerChannel = 4
const publishersPerChannel = 2

/** A run that has not come to rest by then has found something, even on a slow machine. */
const restMs = 60_000

export async function chaosRun(options: RunOptions): Promise<Report> {
  const startedAt = performance.now()
  const random = Random.of(options.seed, options.kind, 0)
  await using stage = await startStage(options.kind, { random, longestMs: options.longestMs })
  const ledger = new Ledger()
  const prefix = `chaos${options.seed}`
  const routing = random.oneIn(3) ? ("broadcast" as const) : ("targeted" as const)
  const voteLeaseMs = Random.of(options.seed, "durable", 0).oneIn(2) ? 2000 : null
  const nodes: ChaosNode[] = []
  let goesOn = true
  // However it ends, nothing of it runs on beside the next one.
  await using stack = new AsyncDisposableStack()
  stack.defer(() => {
    goesOn = false
    for (const node of nodes) node.kill()
  })
  const startNode = (number: number) => {
    nodes[number] = new ChaosNode(stage.urlFor(number), { prefix, routing, voteLeaseMs })
  }
  for (let i = 0; i < nodesCount; i++) startNode(i)
  await Promise.all(nodes.map((node) => node.engine.opened()))

  const crowd: CrowdOptions = { nodes: () => nodes, ledger, random }
  const listeners = channels.flatMap((channel) =>
    Array.from({ length: listenersPerChannel }, (_, index) => {
      const record = new ListenerRecord(`listener ${index} of ${channel}`, channel)
      ledger.records.push(record)
      return listenOn(channel, record, crowd)
    }),
  )
  await until(() => ledger.records.every(({ position }) => position !== null), "the listeners")
  stack.defer(() => {
    for (const listener of listeners) listener.stop()
  })
  const publishing = channels.flatMap((channel, at) =>
    Array.from({ length: publishersPerChannel }, (_, index) =>
      publishOn(channel, `p${at}${index}`, crowd, () => goesOn),
    ),
  )

  const happened: string[] = []
  const killing: Fault = {
    name: "a node is killed",
    loses: false,
    async happen() {
      const number = random.below(nodesCount)
      nodes[number]?.kill()
      await Bun.sleep(random.below(200))
      startNode(number)
    },
  }
  for (let i = 0; i < options.faults; i++) {
    await Bun.sleep(30 + random.below(150))
    const fault = random.oneIn(4) ? killing : random.pick(stage.faults())
    if (fault.loses) ledger.losses++
    happened.push(fault.name)
    await fault.happen()
  }

  await stage.heal()
  goesOn = false
  const findings: string[] = []
  await within(restMs, Promise.all(publishing), "the publishers were not answered").catch((error: Error) =>
    findings.push(`${error.message}; one was told: ${ledger.lastRefusal}`),
  )
  findings.push(...(await settle(ledger, nodes)))
  return {
    seed: options.seed,
    kind: stage.kind,
    faults: happened,
    answered: ledger.answered.length,
    heard: ledger.records.reduce(
      (sum, { segments }) => sum + segments.reduce((all, { messages }) => all + messages.length, 0),
      0,
    ),
    resets: ledger.records.reduce((sum, { resets }) => sum + resets, 0),
    seconds: Math.round((performance.now() - startedAt) / 100) / 10,
    findings,
  }
}

/** Waits until everybody stands where their channel stands, or the time is over; then judges. */
async function settle(ledger: Ledger, nodes: readonly ChaosNode[]): Promise<string[]> {
  const deadline = performance.now() + restMs
  for (;;) {
    const read = await readAll(nodes).catch(() => null)
    if (read) {
      const behind = ledger.records.some(({ channel, position }) => {
        const tail = read.tails.get(channel)
        return !position || !tail || position.epoch !== tail.epoch || position.offset !== tail.offset
      })
      if (!behind || performance.now() > deadline) return ledger.verdict(read.tails, read.kept)
    } else if (performance.now() > deadline) return ["nothing could be read at the end"]
    await Bun.sleep(20)
  }
}

async function readAll(nodes: readonly ChaosNode[]) {
  const [node] = nodes as readonly [ChaosNode]
  const pages = await Promise.all(channels.map((channel) => node.read(channel)))
  return {
    tails: new Map(
      channels.map((channel, index) => [String(channel), (pages[index] as (typeof pages)[0]).tail]),
    ),
    kept: new Map(
      channels.map((channel, index) => [String(channel), (pages[index] as (typeof pages)[0]).messages]),
    ),
  }
}

async function within<T>(ms: number, work: Promise<T>, otherwise: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(otherwise)), ms)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
