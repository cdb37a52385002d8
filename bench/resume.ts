// Does the time to resume grow with the history that is stored, or only with what was missed?
// A listener comes back with a cursor; the clock runs from its connect to the last message that it missed.
import { AnswerReader } from "./load/answer-reader.ts"
import { Latency } from "./load/latency.ts"
import { Listener } from "./load/listener.ts"
import { listeningTo } from "./load/listening.ts"
import { Publishing } from "./load/publishing.ts"
import { Tally } from "./load/tally.ts"
import { readFlags } from "./measure/flags.ts"
import { cpuMicrosecondsOf } from "./measure/process-cost.ts"
import { machine, printLine, printTable } from "./measure/report.ts"
import { rounded } from "./measure/spread.ts"
import { peersHere } from "./peers/all.ts"

const flags = readFlags({
  stored: [100, 10_000, 100_000],
  missed: [1, 100, 1000],
  ways: ["laba.v1", "sse", "poll"],
  /** How often each is resumed, after a tenth as many that are not counted. */
  times: 300,
  messageBytes: 120,
})

interface Answer {
  readonly way: string
  readonly stored: number
  readonly missed: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpu: number
}

const [laba] = peersHere(["laba"])
if (!laba) process.exit(1)
await using server = await laba.start({
  historyCount: 1_000_000,
  historySeconds: 3600,
  historyBytesMax: 4 * 1024 ** 3,
})
const { port } = server
const answers: Answer[] = []
let faults = 0

printLine("resume", { machine: machine(), flags })
for (const stored of flags.stored) {
  const channel = `/bench/resume/${stored}`
  const cursors = await fill(channel, stored)
  for (const [missed, cursor] of cursors) {
    for (const way of flags.ways) {
      const latency = new Latency()
      for (let time = 0; time < flags.times / 10; time++) await resume(way, channel, cursor, missed)
      const cpuBefore = cpuMicrosecondsOf(server.pid)
      for (let time = 0; time < flags.times; time++) latency.add(await resume(way, channel, cursor, missed))
      const cpu = (cpuMicrosecondsOf(server.pid) - cpuBefore) / flags.times
      const answer = {
        way,
        stored,
        missed,
        p50Ms: latency.percentileMs(0.5),
        p99Ms: latency.percentileMs(0.99),
        cpu,
      }
      answers.push(answer)
      printLine("resume", {
        ...answer,
        p50Ms: rounded(answer.p50Ms),
        p99Ms: rounded(answer.p99Ms),
        cpu: rounded(cpu),
      })
    }
  }
}
printTable(
  `Resuming: p50 ms (CPU µs of the server), ${flags.times} times each`,
  ["transport", "missed", ...flags.stored.map((stored) => `${stored} stored`), "most ÷ fewest stored"],
  flags.ways.flatMap((way) =>
    flags.missed.map((missed) => {
      const row = flags.stored.map((stored) =>
        answers.find((each) => each.way === way && each.missed === missed && each.stored === stored),
      )
      const there = row.filter((each) => each !== undefined)
      const ratio = (there.at(-1)?.p50Ms ?? Number.NaN) / (there[0]?.p50Ms ?? Number.NaN)
      const cells = row.map((each) => (each ? `${rounded(each.p50Ms)} (${Math.round(each.cpu)})` : ""))
      return [way, String(missed), ...cells, String(rounded(ratio) ?? "")]
    }),
  ),
)
if (faults > 0) process.exitCode = 1

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
