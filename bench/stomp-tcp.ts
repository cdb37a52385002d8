// How long does a big message hold the loop when many listen to it by STOMP over TCP, and what do those keep who stop reading?
import type { Socket } from "bun"
import { readFlags } from "./measure/flags.ts"
import { cpuMicrosecondsOf, residentBytesOf } from "./measure/process-cost.ts"
import { machine, printLine, printTable } from "./measure/report.ts"
import { rounded } from "./measure/spread.ts"
import { freePort } from "./peers/free-port.ts"
import { laba } from "./peers/laba.ts"

const flags = readFlags({
  listeners: 2000,
  messageBytes: 60_000,
  /** Messages to those who read, one after the other. */
  messages: 20,
  /** Those who stop reading, and what an outbox of theirs may hold. */
  stalled: 200,
  outboxBytes: 1024 * 1024,
  rounds: 3,
})

const filler = "x".repeat(flags.messageBytes)
const rows: string[][] = []

printLine("stomp-tcp", { machine: machine(), flags })
for (let round = 1; round <= flags.rounds; round++) {
  for (const ack of ["auto", "client-individual"] as const) {
    const { cpuPerDelivery, ...heldMs } = await holdBy(ack)
    printLine("stomp-tcp", {
      round,
      ack,
      listeners: flags.listeners,
      cpuMicrosPerDelivery: cpuPerDelivery,
      heldMs,
    })
    rows.push([
      `${flags.listeners} who read, ack ${ack}`,
      String(round),
      `${cpuPerDelivery} µs CPU a delivery, held ${heldMs.p50} ms p50, ${heldMs.max} ms max`,
    ])
  }
  const kept = await keptByStalled()
  printLine("stomp-tcp", { round, stalled: flags.stalled, ...kept })
  rows.push([
    `${flags.stalled} who stopped`,
    String(round),
    `${kept.megabytesEach} MB each (peak ${kept.peakMegabytesEach}), held ${kept.heldMaxMs} ms max`,
  ])
}
printTable(`messages of ${flags.messageBytes} bytes`, ["listeners", "round", "cost"], rows)

async function startStomp() {
  const tcp = freePort()
  const { outboxBytes: outboxBytesMax } = flags
  const server = await laba.start({ historyCount: 1, config: { stomp: { tcp }, limits: { outboxBytesMax } } })
  return { server, tcp }
}

async function publish(port: number): Promise<void> {
  const { status } = await fetch(`http://127.0.0.1:${port}/bench/big`, {
    method: "POST",
    body: filler,
    headers: { "content-type": "text/plain" },
  })
  if (status !== 201) throw new Error(`a publish was answered with ${status}`)
}

/** One who listens and counts what comes; answers once it listens. */
async function listen(port: number, ack: string, onData: (bytes: number) => void): Promise<Socket> {
  const ready = Promise.withResolvers<void>()
  let isReady = false
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_, bytes) {
        if (isReady) return onData(bytes.length)
        if (!bytes.toString().includes("receipt-id:r")) return
        isReady = true
        ready.resolve()
      },
    },
  })
  socket.write(
    `CONNECT\naccept-version:1.2\n\n\0SUBSCRIBE\nid:0\ndestination:/bench/big\nack:${ack}\nreceipt:r\n\n\0`,
  )
  await ready.promise
  return socket
}

async function holdBy(ack: string) {
  const { server, tcp } = await startStomp()
  await using _ = server
  let arrived = 0
  const count = (bytes: number): void => void (arrived += bytes)
  const sockets: Socket[] = []
  while (sockets.length < flags.listeners) sockets.push(await listen(tcp, ack, count))
  await publish(server.port)
  await untilArrived(() => arrived, flags.listeners * flags.messageBytes)
  const cpuBefore = cpuMicrosecondsOf(server.pid)
  await server.gauge?.watchLoop()
  for (let sent = 2; sent <= flags.messages + 1; sent++) {
    await publish(server.port)
    await untilArrived(() => arrived, sent * flags.listeners * flags.messageBytes)
  }
  const holds = await server.gauge?.loopHolds()
  const cpu = cpuMicrosecondsOf(server.pid) - cpuBefore
  for (const socket of sockets) socket.terminate()
  return {
    cpuPerDelivery: rounded(cpu / flags.messages / flags.listeners),
    p50: rounded(holds?.p50 ?? NaN),
    p99: rounded(holds?.p99 ?? NaN),
    max: rounded(holds?.max ?? NaN),
  }
}

async function untilArrived(arrived: () => number, bytes: number): Promise<void> {
  while (arrived() < bytes) await Bun.sleep(2)
}

/** What grows while they do not read, until each stands just below what ends it. */
async function keptByStalled() {
  const { server, tcp } = await startStomp()
  await using _ = server
  const sockets = await Promise.all(
    Array.from({ length: flags.stalled }, () => listen(tcp, "auto", () => {})),
  )
  for (const socket of sockets) socket.pause()
  await server.gauge?.collectGarbage()
  const before = residentBytesOf(server.pid)
  await server.gauge?.watchLoop()
  let peak = 0
  for (let sent = 0; sent < (flags.outboxBytes * 6) / flags.messageBytes; sent++) {
    await publish(server.port)
    peak = Math.max(peak, residentBytesOf(server.pid) - before)
  }
  const holds = await server.gauge?.loopHolds()
  await server.gauge?.collectGarbage()
  const grown = residentBytesOf(server.pid) - before
  for (const socket of sockets) socket.terminate()
  const each = (bytes: number): number | null => rounded(bytes / flags.stalled / 1e6)
  return {
    megabytesEach: each(grown),
    peakMegabytesEach: each(peak),
    heldMaxMs: rounded(holds?.max ?? NaN),
  }
}
