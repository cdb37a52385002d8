// How fast do messages of Kafka, RabbitMQ, Redis streams and PostgreSQL reach users, one listener each of 10,000, beside Centrifugo's consumers?
// Each server is stopped while a burst is written, and then catches up with it: what it does in a second, what a message costs it, and
// how its memory grows by the backlog.
import { centrifugoMissing, startCentrifugo } from "./ingest/centrifugo.ts"
import { kafkaSource } from "./ingest/kafka.ts"
import { Listeners } from "./ingest/listeners.ts"
import { postgresSource } from "./ingest/postgres.ts"
import { rabbitMqSource } from "./ingest/rabbitmq.ts"
import { redisStreamSource } from "./ingest/redis-stream.ts"
import type { BenchSource, Messages } from "./ingest/source.ts"
import { readFlags } from "./measure/flags.ts"
import { cpuMicrosecondsOf, residentBytesOf } from "./measure/process-cost.ts"
import { machine, printLine, printTable } from "./measure/report.ts"
import { inLine, rounded, spreadOf, spreadOfRatios } from "./measure/spread.ts"
import { laba } from "./peers/laba.ts"
import type { RunningPeer } from "./peers/peer.ts"
import { needs } from "../test/needs.mjs"

const flags = readFlags({
  sources: ["kafka", "redis-stream", "postgres", "rabbitmq"],
  servers: ["laba", "centrifugo"],
  /** Where Laba keeps messages: `memory` as Centrifugo does, or `sqlite:` and a folder, which promises once. */
  engine: "memory",
  listeners: 10_000,
  burst: 100_000,
  warm: 10_000,
  rounds: 3,
  messageBytes: 120,
  /** How long a phase may take. */
  secondsMax: 120,
})

const kinds: Readonly<
  Record<string, { need: keyof typeof needs; start(messages: Messages): Promise<BenchSource> }>
> = {
  kafka: { need: "kafka", start: kafkaSource },
  rabbitmq: { need: "rabbitmq", start: rabbitMqSource },
  "redis-stream": { need: "redis", start: redisStreamSource },
  postgres: { need: "postgres", start: postgresSource },
}

type Server = "laba" | "centrifugo"

interface Figures {
  readonly seconds: number
  readonly perSecond: number
  readonly cpuMicroseconds: number
  readonly grownMegabytes: number
}

const figures = new Map<string, { source: string; server: Server; rounds: Figures[] }>()

printLine("ingest", { machine: machine(), flags })
for (const name of flags.sources) {
  const kind = kinds[name]
  if (!kind) throw new Error(`${name}: there are ${Object.keys(kinds).join(", ")}`)
  const found = needs[kind.need].find()
  if (found === null) {
    console.error(`${name} is left out, because there is ${needs[kind.need].missing}`)
    continue
  }
  Object.assign(process.env, found)
  await using source = await kind.start({ listeners: flags.listeners, bytes: flags.messageBytes })
  for (let round = 0; round < flags.rounds; round++)
    for (const server of flags.servers as Server[]) await measure(name, source, server, round)
}
report()

async function start(source: BenchSource, server: Server, reader: string): Promise<RunningPeer | null> {
  if (server === "laba")
    return laba.start({ config: { engine: flags.engine, ingest: { bench: source.laba(reader) } } })
  const consumer = source.centrifugo(reader)
  if (consumer === null) return null
  const missing = centrifugoMissing()
  if (missing === undefined) return startCentrifugo(consumer)
  console.error(`centrifugo is left out: ${missing}`)
  return null
}

async function measure(name: string, source: BenchSource, server: Server, round: number): Promise<void> {
  const reader = `bench-${server}-${round}`
  await source.prepare(reader)
  const running = await start(source, server, reader)
  if (!running) return
  await using peer = running
  using listeners = await Listeners.open(server, peer.port, flags.listeners)
  await source.write(reader, 0, flags.warm)
  if (!(await listeners.hear(flags.warm, flags.secondsMax)))
    throw new Error(`${server} told ${listeners.heard} of ${flags.warm} messages of ${name}`)
  // A moment for what is acknowledged behind the last message.
  await Bun.sleep(500)
  process.kill(peer.pid, "SIGSTOP")
  await source.write(reader, flags.warm, flags.burst)
  const before = { cpu: cpuMicrosecondsOf(peer.pid), resident: residentBytesOf(peer.pid) }
  let resident = before.resident
  const watch = setInterval(() => {
    resident = Math.max(resident, residentBytesOf(peer.pid))
  }, 200)
  process.kill(peer.pid, "SIGCONT")
  const began = performance.now()
  const all = await listeners.hear(flags.warm + flags.burst, flags.secondsMax)
  const seconds = (performance.now() - began) / 1000
  clearInterval(watch)
  if (!all)
    throw new Error(`${server} told ${listeners.heard - flags.warm} of ${flags.burst} messages of ${name}`)
  const measured = {
    seconds,
    perSecond: flags.burst / seconds,
    cpuMicroseconds: (cpuMicrosecondsOf(peer.pid) - before.cpu) / flags.burst,
    grownMegabytes: (resident - before.resident) / 1024 ** 2,
  }
  const key = `${name} ${server}`
  figures.set(key, { source: name, server, rounds: [...(figures.get(key)?.rounds ?? []), measured] })
  console.error(
    `${key}: ${Math.round(measured.perSecond)} messages/s, ${measured.cpuMicroseconds.toFixed(1)} µs`,
  )
}

function report(): void {
  for (const { source, server, rounds } of figures.values()) {
    const spread = (of: (figure: Figures) => number) => inLine(spreadOf(rounds.map(of)))
    printLine("ingest", {
      source,
      server,
      rounds: rounds.length,
      burst: flags.burst,
      messagesPerSecond: spread((each) => each.perSecond),
      catchUpSeconds: spread((each) => each.seconds),
      cpuMicrosecondsPerMessage: spread((each) => each.cpuMicroseconds),
      memoryGrownMegabytes: spread((each) => each.grownMegabytes),
    })
  }
  printTable(
    `A burst of ${flags.burst} messages to one listener each of ${flags.listeners}: medians of ${flags.rounds} rounds`,
    ["source", "server", "messages/s", "× Centrifugo", "CPU µs a message", "seconds to catch up", "MB more"],
    [...figures.values()].map(({ source, server, rounds }) => {
      const other = figures.get(`${source} centrifugo`)?.rounds.map((each) => each.perSecond) ?? []
      const median = (of: (figure: Figures) => number): string =>
        String(rounded(spreadOf(rounds.map(of)).median))
      return [
        source,
        server,
        median((each) => each.perSecond),
        String(
          rounded(
            spreadOfRatios(
              rounds.map((each) => each.perSecond),
              other,
            ).median,
          ) ?? "",
        ),
        median((each) => each.cpuMicroseconds),
        median((each) => each.seconds),
        median((each) => each.grownMegabytes),
      ]
    }),
  )
}
