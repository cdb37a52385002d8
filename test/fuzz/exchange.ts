// One connection with hostile bytes: sends them in pieces, listens until nothing more comes, says goodbye with a FIN and
// waits for the other side to go too.
import { unchunk } from "../support/raw-tcp.ts"
import { Random } from "./random.ts"

interface Exchange {
  /** All that came back, as latin1. */
  readonly answer: string
  /** False when the server kept the connection open after our FIN. */
  readonly closed: boolean
}

interface ExchangeOptions {
  /** Silence after which we take our leave, once something came; and three times as long when nothing does. */
  readonly quietMs?: number
  /** Sent after the first bytes of an answer: what follows a handshake. */
  readonly then?: Uint8Array
  readonly whole?: boolean
}

/** The server cuts what says nothing after 10 s, so this is above it. */
const goneMsMax = 20_000
const answerBytesMax = 2 * 1024 * 1024

/** Throws when no connection can be opened: then nobody can be served any more. */
export async function exchange(
  base: string,
  input: Uint8Array,
  options: ExchangeOptions = {},
): Promise<Exchange> {
  const { quietMs = 12, then, whole = false } = options
  const { hostname, port } = new URL(base)
  const chunks: Buffer[] = []
  let received = 0
  let lastMs = 0
  let closed = false
  const gone = Promise.withResolvers<void>()
  const over = (): void => {
    closed = true
    gone.resolve()
  }
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    allowHalfOpen: true,
    socket: {
      data(_socket, bytes) {
        lastMs = performance.now()
        received += bytes.length
        if (received <= answerBytesMax) chunks.push(Buffer.from(bytes))
      },
      end: over,
      close: over,
      error: over,
    },
  })
  const text = (): string => Buffer.concat(chunks).toString("latin1")
  try {
    await sendPieces(socket, input, whole, () => closed)
    if (then) {
      for (const giveUpMs = performance.now() + 2000; received === 0 && !closed;) {
        if (performance.now() > giveUpMs) break
        await Bun.sleep(1)
      }
      await sendPieces(socket, then, whole, () => closed)
      lastMs = 0
    }
    await untilQuiet(
      () => lastMs,
      () => closed,
      quietMs,
    )
    if (!closed) socket.shutdown()
    const clock = setTimeout(gone.resolve, goneMsMax)
    await gone.promise
    clearTimeout(clock)
    return { answer: text(), closed }
  } finally {
    socket.terminate()
  }
}

type Writable = { write(bytes: Uint8Array): number; flush(): void }

/** In one piece, or cut at places that follow from the input alone, so that it is cut the same again. */
async function sendPieces(
  socket: Writable,
  input: Uint8Array,
  whole: boolean,
  isOver: () => boolean,
): Promise<void> {
  const random = Random.of(
    input.length,
    "pieces",
    input.reduce((sum, byte) => (sum * 31 + byte) | 0, 7),
  )
  const pieces = whole || random.oneIn(2) ? 1 : 2 + random.below(4)
  const edges = Array.from({ length: pieces - 1 }, () => random.below(input.length + 1)).sort((a, b) => a - b)
  let from = 0
  for (const to of [...edges, input.length]) {
    while (from < to && !isOver()) {
      const written = socket.write(input.subarray(from, to))
      if (written < 0) return
      from += written
      socket.flush()
      if (written === 0 || from < to || pieces > 1) await Bun.sleep(1)
    }
  }
}

/** Until nothing came for `quietMs`, or three times as long when nothing came at all. */
async function untilQuiet(lastMs: () => number, isOver: () => boolean, quietMs: number): Promise<void> {
  const began = performance.now()
  for (;;) {
    const last = lastMs()
    if (isOver() || performance.now() > (last > 0 ? last + quietMs : began + quietMs * 3)) return
    await Bun.sleep(Math.min(quietMs, 4))
  }
}

/** The statuses of all answers, one after the other. A message that looks like an answer is not taken for one. */
export function statusesIn(answer: string): number[] {
  const statuses: number[] = []
  for (let at = 0; answer.startsWith("HTTP/1.1 ", at);) {
    statuses.push(Number(answer.slice(at + 9, at + 12)))
    const headEnd = answer.indexOf("\r\n\r\n", at)
    if (headEnd < 0) break
    const head = answer.slice(at, headEnd).toLowerCase()
    at = headEnd + 4
    // An answer to HEAD has a length and no body.
    if (answer.startsWith("HTTP/1.1 ", at)) continue
    const length = /\r\ncontent-length: *(\d+)/.exec(head)
    if (length) at += Number(length[1])
    else if (head.includes("transfer-encoding: chunked")) {
      const end = answer.indexOf("0\r\n\r\n", at)
      if (end < 0 || unchunk(answer.slice(at)) === "") break
      at = end + 5
    }
  }
  return statuses
}
