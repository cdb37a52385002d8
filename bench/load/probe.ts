// A stranger at the door: in a process of its own, so that no other work is between it and the server, asks one tiny
// question every few milliseconds over a kept connection and notes how long the answer takes. Started by `watchDoor`.
import type { Socket } from "bun"
import { Latency } from "./latency.ts"

interface DoorFigures {
  readonly asked: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

interface Door extends AsyncDisposable {
  /** Forgets what was seen so far. */
  clear(): void
  figures(): Promise<DoorFigures>
}

const everyMs = 5

/** Starts the stranger. `path` answers without touching what is measured. */
export async function watchDoor(port: number, path: string): Promise<Door> {
  let answer: ((figures: DoorFigures) => void) | undefined
  const ready = Promise.withResolvers<void>()
  const child = Bun.spawn([process.execPath, import.meta.path, String(port), path], {
    stdio: ["ignore", "inherit", "inherit"],
    serialization: "json",
    ipc(message: "ready" | DoorFigures) {
      if (message === "ready") ready.resolve()
      else answer?.(message)
    },
  })
  await ready.promise
  return {
    clear: () => child.send("clear"),
    figures: () =>
      new Promise((resolve) => {
        answer = resolve
        child.send("figures")
      }),
    async [Symbol.asyncDispose]() {
      child.kill()
      await child.exited
    },
  }
}

async function ask(port: number, path: string): Promise<void> {
  const latency = new Latency()
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
  let askedAt = 0
  let waiting = false
  const socket: Socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data() {
        if (!waiting) return
        waiting = false
        // Questions that fell due while this one waited would have waited too: one is due each few milliseconds, and
        // leaving them out would count a long hold as one answer among many quick ones.
        const now = performance.now()
        for (let dueAt = askedAt; dueAt < now; dueAt += everyMs) latency.add(now - dueAt)
      },
      close: () => process.exit(),
    },
  })
  setInterval(() => {
    if (waiting) return
    waiting = true
    askedAt = performance.now()
    socket.write(request)
  }, everyMs)
  process.on("message", (asked) => {
    if (asked === "clear") return latency.clear()
    process.send?.({
      asked: latency.count,
      p50Ms: latency.percentileMs(0.5),
      p99Ms: latency.percentileMs(0.99),
      maxMs: latency.maxMs,
    } satisfies DoorFigures)
  })
  process.send?.("ready")
}

if (import.meta.main) {
  const [port, path] = process.argv.slice(2) as [string, string]
  await ask(Number(port), path)
}
