// One run from one seed with nodes that are processes: under load, while nodes are killed and Redis is killed, flushed and
// paused, and listeners cut off; then calm, one more death, and the verdict on what was heard, who was there, and whose end was told.
import { Random } from "../../fuzz/random.ts"
import { parseCursor, type Position, printCursor } from "../../../wire/cursor.ts"
import type { Message } from "../../../src/engines/engine.ts"
import { pollOnce } from "../../support/poller.ts"
import { headOf } from "../../support/publish.ts"
import { RedisProcess, until } from "../../support/redis-servers.ts"
import { ListenerRecord, Ledger } from "../ledger.ts"
import { Backend } from "./backend.ts"
import { listenOn, messageOf, publishOn, ways } from "./listeners.ts"
import { channels, Nodes, room } from "./nodes.ts"
import { Visitor, Watcher } from "./visitors.ts"

interface RunOptions {
  readonly seed: number
  readonly faults: number
  /** How long Redis stands still or is away at most, in milliseconds. */
  readonly longestMs: number
  /** One pause of exactly so many milliseconds, in the place of everything else. */
  readonly pauseMs?: number
}

interface Report {
  readonly seed: number
  readonly faults: readonly string[]
  readonly answered: number
  readonly heard: number
  readonly resets: number
  /** Connections that the backend was asked about. */
  readonly registered: number
  readonly seconds: number
  /** What is wrong; empty when all is well. */
  readonly findings: readonly string[]
}

const nodesCount = 3
const usersCount = 9

/** Whoever waits for a node that is not there ends with the nodes. */
const endMs = 10_000

export async function processesRun({ seed, faults, longestMs, pauseMs }: RunOptions): Promise<Report> {
  const startedAt = performance.now()
  const random = Random.of(seed, "processes", 0)
  const keeps = random.oneIn(2) ? "its log" : "nothing"
  await using redis = await RedisProcess.start({
    config: { save: '""', ...(keeps === "its log" && { appendonly: "yes", appendfsync: "everysec" }) },
  })
  using backend = new Backend(Random.of(seed, "backend", 0), room)
  await using nodes = new Nodes(redis, random, backend.url)
  await Promise.all(Array.from({ length: nodesCount }, () => nodes.start()))

  const ledger = new Ledger()
  const stops = channels.flatMap((channel) =>
    ways.map((way) => {
      const record = new ListenerRecord(`${way.name} of ${channel}`, channel)
      ledger.records.push(record)
      return listenOn(record, way, { nodes, random })
    }),
  )
  const visitors = Array.from({ length: usersCount }, (_, at) => new Visitor(`u${at}`, nodes, random))
  const watchers = ["one", "two"].map((name) => new Watcher(`watcher ${name}`, nodes, random))
  let goesOn = true
  // However it ends, nothing of it runs on beside the next one.
  await using cleanUp = new AsyncDisposableStack()
  cleanUp.defer(async () => {
    goesOn = false
    const ends = [
      ...stops.map((stop) => stop()),
      ...watchers.map((watcher) => watcher.stop()),
      ...visitors.map((visitor) => visitor.leave()),
    ]
    await Promise.race([Promise.all(ends), Bun.sleep(endMs)])
  })
  const allIn = () => visitors.every(({ node }) => node !== null)
  await until(() => ledger.records.every(({ position }) => position !== null) && allIn(), "everybody")
  const publishing = channels.map((channel, at) =>
    publishOn(channel, `p${at}`, { nodes, random, ledger, goesOn: () => goesOn }),
  )

  // Nobody else draws from it: a seed repeats its faults.
  const chance = Random.of(seed, "weather", 0)
  const possible = makeFaults({ redis, nodes, random: chance, keeps, longestMs })
  const happened: string[] = []
  const happen = async ({ name, loses, happens }: Fault): Promise<void> => {
    if (loses) ledger.losses++
    happened.push(name)
    await happens()
  }
  if (pauseMs !== undefined) await happen(possible.pause(pauseMs))
  else
    for (let i = 0; i < faults; i++) {
      await Bun.sleep(50 + chance.below(500))
      await happen(chance.pick(possible.faults))
    }

  const findings: string[] = []
  const reached = async (
    holds: () => Promise<boolean> | boolean,
    what: string,
    how: () => Promise<string> = async () => "",
  ): Promise<void> =>
    until(holds, what).catch(
      async (error: Error) => void findings.push(`${error.message} ${await how()}`.trim()),
    )
  const roomIs = async (some: readonly Visitor[]): Promise<void> => {
    const how = () => roomSaid(some, watchers, nodes)
    await reached(
      async () => new Set((await how()).split("; ").map((said) => said.replace(/^.*: /, ""))).size === 1,
      "the room",
      how,
    )
  }
  await reached(() => nodes.isWell(), "the nodes to be well")
  goesOn = false
  await Promise.race([Promise.all(publishing), Bun.sleep(60_000)])
  backend.isSound = true
  await reached(allIn, "all visitors to be in")
  await roomIs(visitors)
  await reached(() => backend.roomWas.at(-1) === "occupied", "the room to be told of as occupied")
  // One more dies, and who was there does not come back: each leaves once.
  const [dying] = nodes.alive
  if (dying) {
    const dead = visitors.filter(({ node }) => node === dying)
    for (const visitor of dead) visitor.giveUp()
    happened.push(`a node is killed, and its ${dead.length} users stay away`)
    await nodes.kill(dying)
    const staying = visitors.filter((visitor) => !dead.includes(visitor))
    await reached(() => staying.every(({ node }) => node !== null), "those who stay")
    await roomIs(staying)
    for (const { user } of dead)
      for (const { left } of watchers)
        if ((left.get(user) ?? 0) > 1) findings.push(`${user} was told to have left ${left.get(user)} times`)
  }
  findings.push(...(await verdictOf(ledger, nodes)))
  await Promise.all(stops.map((stop) => stop()))
  for (const watcher of watchers) {
    await watcher.stop()
    findings.push(...watcher.findings)
  }
  await Promise.all(visitors.map((visitor) => visitor.leave()))
  await reached(() => backend.untold.length === 0, "all ends to be told")
  for (const node of [...nodes.alive]) await nodes.leave(node)
  const { roomWas } = backend
  if (roomWas.at(-1) !== "vacated") findings.push(`of the room was told last: ${roomWas.join(", ")}`)
  // Whoever comes while Redis has forgotten who is there may be taken for the first.
  if (ledger.losses === 0 && roomWas.join() !== "occupied,vacated")
    findings.push(`of the room was told: ${roomWas.join(", ")}`)
  findings.push(...backend.verdict(nodes.deaths))
  return {
    seed,
    faults: happened,
    answered: ledger.answered.length,
    heard: ledger.records.reduce(
      (sum, { segments }) => sum + segments.reduce((all, { messages }) => all + messages.length, 0),
      0,
    ),
    resets: ledger.records.reduce((sum, { resets }) => sum + resets, 0),
    registered: backend.registered.size,
    seconds: Math.round((performance.now() - startedAt) / 100) / 10,
    findings: [...new Set(findings)],
  }
}

interface Fault {
  readonly name: string
  /** Whether it may lose what was answered. */
  readonly loses: boolean
  happens(): Promise<void>
}

interface FaultOptions {
  readonly redis: RedisProcess
  readonly nodes: Nodes
  readonly random: Random
  readonly keeps: string
  readonly longestMs: number
}

function makeFaults({ redis, nodes, random, keeps, longestMs }: FaultOptions) {
  const pause = (ms: number): Fault => ({
    name: `Redis stands still for ${ms} ms`,
    loses: false,
    async happens() {
      redis.pause()
      await Bun.sleep(ms)
      redis.resume()
    },
  })
  const faults: readonly Fault[] = [
    {
      name: "a node is killed",
      loses: false,
      async happens() {
        const node = nodes.any()
        if (node) await nodes.kill(node)
        await Bun.sleep(random.below(1000))
        await nodes.start()
      },
    },
    {
      name: `Redis is killed; it keeps ${keeps}`,
      loses: true,
      async happens() {
        await nodes.inherited()
        nodes.deaths.push(Date.now())
        await redis.kill()
        await Bun.sleep(random.below(longestMs))
        await redis.restart()
      },
    },
    {
      name: "Redis is flushed",
      loses: true,
      async happens() {
        await nodes.inherited()
        await redis.flush()
      },
    },
    pause(random.below(longestMs)),
    {
      name: "the listeners of a node are cut off",
      loses: false,
      async happens() {
        const ms = random.below(longestMs)
        const node = nodes.any()
        if (node) await nodes.cut(node, ms)
      },
    },
  ]
  return { faults, pause }
}

/** Who is in the room, as it is, and as every node and every watcher says. */
async function roomSaid(
  visitors: readonly Visitor[],
  watchers: readonly Watcher[],
  nodes: Nodes,
): Promise<string> {
  const lists = nodes.alive.map(async ({ base }) => {
    const answer = await fetch(`${base}/_/api/presence?channel=${room}`).catch(() => null)
    const { members } = ((await answer?.json().catch(() => null)) ?? {}) as { members?: { user: string }[] }
    return `${base}: ${
      members
        ?.map(({ user }) => user)
        .sort()
        .join() ?? "no answer"
    }`
  })
  return [
    `truly: ${visitors
      .map(({ user }) => user)
      .sort()
      .join()}`,
    ...(await Promise.all(lists)),
    ...watchers.map((watcher) => `${watcher.name}: ${watcher.users.join()}`),
  ].join("; ")
}

/** Waits until everybody stands where their channel stands; then judges. */
async function verdictOf(ledger: Ledger, nodes: Nodes): Promise<string[]> {
  const base = nodes.alive[0]?.base ?? ""
  const read = async (): Promise<Map<string, Position>> =>
    new Map(
      await Promise.all(
        channels.map(
          async (channel) =>
            [channel, parseCursor((await headOf(base + channel)).cursor, channel) as Position] as const,
        ),
      ),
    )
  const isThere = async (): Promise<boolean> => {
    const tails = await read().catch(() => null)
    return ledger.records.every(({ channel, position }) => {
      const tail = tails?.get(channel)
      return position !== null && position.epoch === tail?.epoch && position.offset === tail.offset
    })
  }
  // Whoever is not there by then is found by the verdict.
  await until(isThere, "the listeners").catch(() => undefined)
  const tails = await read()
  const kept = new Map<string, readonly Message[]>()
  for (const [channel, tail] of tails) kept.set(channel, await keptOf(base + channel, channel, tail))
  return ledger.verdict(tails, kept)
}

/** Everything that is kept of a channel, page by page. */
async function keptOf(url: string, channel: string, { epoch }: Position): Promise<Message[]> {
  const messages: Message[] = []
  for (let after = printCursor(channel, { epoch, offset: 0 }); ;) {
    const page = await pollOnce(`${url}?after=${after}`)
    for (const { cursor, data } of page.messages) {
      const position = parseCursor(cursor, channel)
      if (position) messages.push(messageOf(channel, position, String(data)))
    }
    if (!page.more) return messages
    after = page.cursor
  }
}
