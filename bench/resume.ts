// Does the time to resume grow with the history that is stored, or only with what was missed?
// A listener comes back with a cursor; the clock runs from its connect to the last message that it missed.
import { AnswerReader } from "../apps/kit/load/answer-reader.ts"
import { Listener } from "./load/listener.ts"
import { listeningTo } from "./load/listening.ts"
import { Publishing } from "./load/publishing.ts"
import { Tally } from "./load/tally.ts"
import { readFlags } from "./measure/flags.ts"
import { cpuMicrosecondsOf } from "./measure/process-cost.ts"
import { machine, printLine, printTable } from "./measure/report.ts"
import { inLine, rounded, type Spread, spreadOf, spreadOfRatios } from "./measure/spread.ts"
import { peersHere } from "./peers/all.ts"

const flags = readFlags({
  stored: [100, 10_000, 100_000],
  missed: [1, 100, 1000],
  ways: ["laba.v1", "sse", "poll"],
  /** How often each is resumed, after a tenth as many that are not counted. */
  times: 300,
  messageBytes: 120,
})

/** Resumes of one kind in a row, before it is another one's turn: what changes in the process meanwhile meets all alike. */
const turn = 10

/** Time with the most stored, over that with the least: above it, resuming grows with what is stored. */
const ratioMax = 1.25

/** One way to resume: how, and what was missed, from a history of so many. */
interface Case {
  readonly way: string
  readonly missed: number
  readonly stored: number
  readonly channel: string
  readonly cursor: string
  /** Of each turn: the median time, and the server's CPU for one. */
  readonly ms: number[]
  readonly cpu: number[]
}

const [laba] = peersHere(["laba"])
if (!laba) process.exit(1)
await using server = await laba.start({
  historyCount: 1_000_000,
  historySeconds: 3600,
  historyBytesMax: 4 * 1024 ** 3,
})
const { port } = server
let faults = 0

printLine("resume", { machine: machine(), flags })
const cases = await allCases()
for (let round = -1; round < flags.times / turn; round++) {
  // Another order each time: who comes first must not always be the same.
  const order = round % 2 === 0 ? cases : cases.toReversed()
  for (const one of order) await takeTurn(one, round >= 0)
}
const rows = flags.ways.flatMap((way) => flags.missed.map((missed) => rowOf(way, missed)))
printTable(
  `Resuming: p50 ms (CPU µs of the server), ${flags.times} times each; ratios with their spread`,
  ["transport", "missed", ...flags.stored.map((stored) => `${stored} stored`), "time, most ÷ fewest", "CPU"],
  rows.map(({ cells }) => cells),
)
const grown = rows.filter(({ ratio }) => ratio > ratioMax)
for (const { cells } of grown) console.error(`!!! ${cells[0]}, ${cells[1]} missed: grows with what is stored`)
if (faults > 0 || grown.length > 0) process.exitCode = 1

/** All histories are stored before anything is measured: a process with more in it is slower in all it does. */
async function allCases(): Promise<Case[]> {
  const made: Case[] = []
  for (const stored of flags.stored) {
    const channel = `/bench/resume/${stored}`
    for (const [missed, cursor] of await fill(channel, stored))
      for (const way of flags.ways) made.push({ way, missed, stored, channel, cursor, ms: [], cpu: [] })
  }
  return made.toSorted((a, b) => a.way.localeCompare(b.way) || a.missed - b.missed || a.stored - b.stored)
}

async function takeTurn({ way, channel, cursor, missed, ms, cpu }: Case, counts: boolean): Promise<void> {
  const before = cpuMicrosecondsOf(server.pid)
  const times: number[] = []
  for (let time = 0; time < turn; time++) times.push(await resume(way, channel, cursor, missed))
  if (!counts) return
  cpu.push((cpuMicrosecondsOf(server.pid) - before) / turn)
  ms.push(spreadOf(times).median)
}

function shownSpread({ median, min, max }: Spread): string {
  return `${rounded(median)} (${rounded(min)}-${rounded(max)})`
}

function rowOf(way: string, missed: number): { cells: string[]; ratio: number } {
  const row = flags.stored.map((stored) =>
    cases.find((one) => one.way === way && one.missed === missed && one.stored === stored),
  )
  for (const one of row) {
    if (!one) continue
    const { stored, ms, cpu } = one
    printLine("resume", { way, missed, stored, ms: inLine(spreadOf(ms)), cpu: inLine(spreadOf(cpu)) })
  }
  const there = row.filter((one) => one !== undefined)
  const grows = (of: "ms" | "cpu"): Spread => spreadOfRatios(there.at(-1)?.[of] ?? [], there[0]?.[of] ?? [])
  const shown = row.map((one) =>
    one ? `${rounded(spreadOf(one.ms).median)} (${Math.round(spreadOf(one.cpu).median)})` : "",
  )
  return {
    cells: [way, String(missed), ...shown, shownSpread(grows("ms")), shownSpread(grows("cpu"))],
    ratio: grows("ms").median,
  }
}

/** Stores so many messages and returns, for each number of missed ones, the cursor that lies so far back. */
async function fill(channel: string, stored: number): Promise<Map<number, string>> {
  const cursors = new Map<number, string>()
  let done = 0
  const upTo = async (count: number): Promise<void> => {
    const last = done + count
    const publishing = await Publishing.open({
      port,
      publishers: 1,
      window: 16,
      messageBytes: flags.messageBytes,
      aim: () => ({ path: channel, number: ++done }),
      mayPublish: () => done < last,
      onFault: fault,
    })
    publishing.start()
    while (done < last && faults === 0) await Bun.sleep(1)
    await publishing.stop()
    publishing.close()
  }
  for (const missed of flags.missed.toSorted((a, b) => b - a)) {
    if (missed >= stored) continue
    await upTo(stored - missed - done)
    cursors.set(missed, await tailOf(channel))
  }
  await upTo(stored - done)
  return cursors
}

/** The cursor to go on from: a poll that may not wait tells it. */
async function tailOf(channel: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}${channel}?wait=0`)
  return ((await answer.json()) as { cursor: string }).cursor
}

/** Milliseconds from the connect to the last missed message. */
async function resume(way: string, channel: string, cursor: string, missed: number): Promise<number> {
  const path = `${channel}?after=${cursor}`
  return way === "poll" ? await resumeByPoll(path, missed) : await resumeByListening(way, path, missed)
}

async function resumeByListening(way: string, path: string, missed: number): Promise<number> {
  const tally = new Tally({ listeners: 1, publishers: 1, sampleEvery: 2 })
  const listening = listeningTo({ port, path, way: way === "sse" ? "sse" : "laba.v1" })
  const began = performance.now()
  const listener = await Listener.open({
    index: 0,
    port,
    listening,
    tally,
    messageBytes: flags.messageBytes,
    onLost: fault,
  })
  while (tally.deliveries < missed && performance.now() - began < 10_000) await nextTurn()
  const ms = performance.now() - began
  listener.leave()
  if (tally.deliveries !== missed) fault(`${way}: ${tally.deliveries} messages instead of ${missed}`)
  for (const what of tally.faults) fault(what)
  return ms
}

async function resumeByPoll(path: string, missed: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const reader = new AnswerReader()
  const began = performance.now()
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open: (each) => void each.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`),
      data(_, chunk) {
        for (const answer of reader.read(chunk)) resolve(answer.body)
      },
    },
  })
  const body = await promise
  const ms = performance.now() - began
  socket.end()
  const { messages } = JSON.parse(body) as { messages: readonly unknown[] }
  if (messages.length !== missed) fault(`poll: ${messages.length} messages instead of ${missed}`)
  return ms
}

/** Sockets are read between turns; a timer would add a millisecond. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function fault(what: string): void {
  faults++
  if (faults <= 5) console.error(`!!! ${what}`)
}
