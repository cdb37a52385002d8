// A hooks' backend is gone for ten minutes while everybody speaks, leaves and reconnects: is it told all, once, in order?
// Not one end of a connection may be lost, nothing come twice or by another connection, and never more at once than the bound.
// A slice of it runs with the tests.
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { startProcess } from "../support/process.ts"
import { local, type Seen, secret, startBackend } from "./backend-process.ts"

interface OutageOptions {
  /** Sockets that are open when the backend goes. */
  readonly connections: number
  /** Attempts to come back while it is gone, all sockets together. */
  readonly reconnects: number
  /** How long it is gone. */
  readonly seconds: number
  readonly concurrency: number
}

interface OutageReport {
  readonly opened: number
  /** Ends that were told. */
  readonly told: number
  /** Connections that the backend let in and never heard the end of. */
  readonly lost: readonly string[]
  /** Connections of whose end it heard more than once. */
  readonly doubled: readonly string[]
  /** Connections whose events came in another order than they happened, twice, or mixed with another's. */
  readonly disordered: readonly string[]
  /** Messages that were heard. */
  readonly messages: number
  /** Connections that said something while the backend was there, of which it has not heard all. */
  readonly missed: readonly string[]
  /** Attempts to come back that were turned away while the backend was gone. */
  readonly turnedAway: number
  /** Requests at once, the most, before and after. */
  readonly peak: number
  readonly problems: readonly string[]
}

/** How long the backend takes for an answer. */
const answerMs = 20

/** Messages that each socket says in each phase. */
const saysMax = 5

/** A socket of the first generation speaks before the backend goes and while it goes, one of the second when it is back. */
type Phase = "before" | "during" | "after"

const wordsOf = (socket: number, phase: Phase): string[] =>
  Array.from({ length: saysMax }, (_, at) => `count ${socket} ${phase} ${at + 1}`)

function speak(sockets: readonly WebSocket[], phase: Phase): void {
  for (const [socket, open] of sockets.entries()) for (const word of wordsOf(socket, phase)) open.send(word)
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms))

export async function runOutage(options: OutageOptions): Promise<OutageReport> {
  const directory = await mkdtemp(join(tmpdir(), "laba-outage-"))
  let backend = await startBackend("laba-backend.ts", { secret })
  const { port, seen } = backend
  // A backend that answers in no time never has two requests at once, and no bound would be met.
  await backend.control({ delayMs: answerMs })
  const url = backend.url()
  const config = {
    engine: `sqlite:${directory}`,
    limits: { drainSeconds: 0 },
    hooks: [
      {
        pattern: "/desk/*",
        register: url,
        transport: url,
        unregister: url,
        concurrency: options.concurrency,
        timeout: "5s",
        ...local,
      },
    ],
  }
  await using laba = await startProcess({ config })
  const address = `${laba.base.replace("http", "ws")}/desk/quiet`
  try {
    const sockets = await openMany(address, options.connections)
    const heard = (phase: Phase): number =>
      seen.seen.filter(({ body }) => body?.includes(` ${phase} `)).length
    speak(sockets, "before")
    await until(() => heard("before") === sockets.length * saysMax)
    const { peak: peakBefore } = await backend.control({})
    // It goes in the middle of what everybody says.
    speak(sockets, "during")
    await until(() => heard("during") >= sockets.length)
    await backend.kill()

    // Everybody leaves, and tries to come back, again and again.
    for (const socket of sockets) socket.close()
    const turnedAway = await knock(address, options)

    backend = await startBackend("laba-backend.ts", { secret, port, seen })
    await backend.control({ delayMs: answerMs })
    const returned = await openMany(address, options.connections)
    speak(returned, "after")
    await until(() => heard("after") === returned.length * saysMax)
    for (const socket of returned) socket.close()
    await until(async () => (await pendingAt(laba.base)) === 0)
    const { peak: peakAfter } = await backend.control({})
    return {
      ...judge(seen.seen),
      opened: sockets.length + returned.length,
      turnedAway,
      peak: Math.max(peakBefore, peakAfter),
      problems: backend.problems,
    }
  } finally {
    await backend.kill()
    await rm(directory, { recursive: true, force: true })
  }
}

/** Opens so many sockets, each trying until it is let in. */
async function openMany(address: string, count: number): Promise<WebSocket[]> {
  const open: WebSocket[] = []
  const openOne = async (): Promise<void> => {
    for (;;) {
      const socket = await connect(address)
      if (socket) return void open.push(socket)
      await pause(200 + Math.random() * 800)
    }
  }
  // Not all handshakes in one instant: the backlog of a listening socket has 512 places.
  for (let i = 0; i < count; i += 200)
    await Promise.all(Array.from({ length: Math.min(200, count - i) }, openOne))
  return open
}

/** Null when it was turned away. */
function connect(address: string): Promise<WebSocket | null> {
  return new Promise((resolve) => {
    const socket = new WebSocket(address)
    socket.onopen = () => resolve(socket)
    socket.onclose = () => resolve(null)
    socket.onerror = () => undefined
  })
}

/** Tries to come in, evenly over the time. Answers how often it was turned away. */
async function knock(address: string, { reconnects, seconds }: OutageOptions): Promise<number> {
  const startedMs = Date.now()
  let turnedAway = 0
  for (let done = 0; done < reconnects;) {
    const batch = Math.min(100, reconnects - done)
    const results = await Promise.all(Array.from({ length: batch }, () => connect(address)))
    for (const socket of results) {
      if (socket) throw new Error("somebody was let in although the backend is gone")
      turnedAway++
    }
    done += batch
    const dueMs = startedMs + (done / reconnects) * seconds * 1000
    if (dueMs > Date.now()) await pause(dueMs - Date.now())
  }
  return turnedAway
}

async function pendingAt(base: string): Promise<number> {
  const view = (await (await fetch(`${base}/_/api/hooks`)).json()) as {
    registered: number
    hooks: { tellsPending: number }[]
  }
  return view.registered + view.hooks.reduce((sum, { tellsPending }) => sum + tellsPending, 0)
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + 300_000
  while (!(await isSo())) {
    if (Date.now() > deadlineMs) throw new Error("it did not happen within five minutes")
    await pause(50)
  }
}

/** What the backend saw, connection by connection. */
function judge(
  seen: readonly Seen[],
): Pick<OutageReport, "told" | "lost" | "doubled" | "disordered" | "messages" | "missed"> {
  const byConnection = Map.groupBy(
    seen.filter(({ connection }) => connection !== null && connection !== undefined),
    ({ connection }) => connection as string,
  )
  const all = [...byConnection]
  const ends = (events: readonly Seen[]): number => events.filter(({ kind }) => kind === "unregister").length
  const names = (isSo: (events: readonly Seen[]) => boolean): string[] =>
    all.filter(([, events]) => isSo(events)).map(([connection]) => connection)
  return {
    told: all.reduce((sum, [, events]) => sum + ends(events), 0),
    lost: names((events) => ends(events) === 0),
    doubled: names((events) => ends(events) > 1),
    disordered: names((events) => !isInTurn(events)),
    messages: seen.filter(({ kind }) => kind === "transport").length,
    missed: names((events) => said(events).length > 0 && said(events).length < saysMax),
  }
}

const said = (events: readonly Seen[]): string[] =>
  events.filter(({ kind }) => kind === "transport").map(({ body }) => body)

/** Comes in, says what one socket of one generation says, from its first word on and without a gap, and goes. */
function isInTurn(events: readonly Seen[]): boolean {
  const turns = events.map(({ kind }) => kind).join(" ")
  if (!/^register( transport)*( unregister)*$/.test(turns)) return false
  const words = said(events)
  const [, socket = "", phase = ""] = /^count (\d+) (\w+)/.exec(words[0] ?? "") ?? []
  const ownPhases: readonly Phase[] = phase === "after" ? ["after"] : ["before", "during"]
  const script = ownPhases.flatMap((one) => wordsOf(Number(socket), one))
  return words.every((word, at) => word === script[at])
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      connections: { type: "string", default: "2000" },
      reconnects: { type: "string", default: "10000" },
      seconds: { type: "string", default: "600" },
      concurrency: { type: "string", default: "32" },
    },
  })
  const report = await runOutage({
    connections: Number(values.connections),
    reconnects: Number(values.reconnects),
    seconds: Number(values.seconds),
    concurrency: Number(values.concurrency),
  })
  console.log(JSON.stringify(report))
  const { lost, doubled, disordered, missed, problems, peak } = report
  const wrong = [...lost, ...doubled, ...disordered, ...missed, ...problems].length
  process.exit(wrong > 0 || peak > Number(values.concurrency) ? 1 : 0)
}
