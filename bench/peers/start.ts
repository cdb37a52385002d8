// Starts a server's process, waits for the line that names its port, and hands back the handle. What a server writes
// is kept, so that one that dies at the start can be understood.
import { join } from "node:path"
import type { GaugeClient, LoopHolds, RunningPeer } from "./peer.ts"

export const projectFolder = join(import.meta.dir, "..", "..")
export const gaugePath = join(import.meta.dir, "gauge.mjs")

interface StartCommand {
  readonly command: readonly string[]
  /** Finds the port in what was written so far. */
  readonly portIn: (output: string) => number | undefined
  /** For a server that does not say when it is ready: asked until it is true. */
  readonly ready?: () => Promise<boolean>
  readonly gauged: boolean
  /** In which it must be ready. Default 20. */
  readonly startSecondsMax?: number
  /** Called after the process has ended. */
  readonly cleanUp?: () => void
}

const running = new Map<Bun.Subprocess, () => void>()
// A bench that is stopped or that fails leaves no server behind.
process.on("exit", () => {
  for (const [server, cleanUp] of running) {
    server.kill("SIGKILL")
    cleanUp()
  }
})
process.on("SIGINT", () => process.exit(130))
process.on("SIGTERM", () => process.exit(143))

const startSecondsDefault = 20
const outputCharsMax = 20_000
/** Of what a server wrote, its end is told where it did not start. */
const toldCharsMax = 2000

export async function startServer(start: StartCommand): Promise<RunningPeer> {
  const answers = new Map<string, (holds: LoopHolds | undefined) => void>()
  const server = Bun.spawn([...start.command], {
    cwd: projectFolder,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    ...(start.gauged && {
      serialization: "json" as const,
      ipc(message: unknown) {
        const { gauge, holds } = message as { gauge: string; holds?: LoopHolds }
        answers.get(gauge)?.(holds)
      },
    }),
  })
  running.set(server, start.cleanUp ?? (() => {}))
  const stop = async (): Promise<void> => {
    server.kill("SIGTERM")
    // A graceful end lets listeners go over seconds; a bench has no listeners left to be kind to.
    const patience = setTimeout(() => server.kill("SIGKILL"), 1000)
    await server.exited
    clearTimeout(patience)
    running.delete(server)
    start.cleanUp?.()
  }
  try {
    const port = start.ready ? await portWhenReady(server, start, start.ready) : await portOf(server, start)
    const ask = (what: string): Promise<LoopHolds | undefined> =>
      new Promise((resolve) => {
        answers.set(what, resolve)
        server.send(what)
      })
    const gauge: GaugeClient = {
      collectGarbage: async () => void (await ask("collect")),
      watchLoop: async () => void (await ask("watch")),
      loopHolds: async () => (await ask("holds")) as LoopHolds,
    }
    return { port, pid: server.pid, ...(start.gauged && { gauge }), [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}

type Server = Bun.Subprocess<"ignore", "pipe", "pipe">

/** What a server writes, as far as it is kept. Its pipes are read to their ends: a server whose pipe is full would block. */
function outputOf(server: Server, onMore?: (output: string) => void): () => string {
  let output = ""
  const listen = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder()
    for await (const chunk of stream) {
      if (output.length < outputCharsMax) output += decoder.decode(chunk, { stream: true })
      onMore?.(output)
    }
  }
  void listen(server.stdout)
  void listen(server.stderr)
  return () => output
}

async function portOf(server: Server, start: StartCommand): Promise<number> {
  const found = Promise.withResolvers<number>()
  const output = outputOf(server, (text) => {
    const port = start.portIn(text)
    if (port !== undefined) found.resolve(port)
  })
  const { startSecondsMax = startSecondsDefault } = start
  const fail = (why: string): void =>
    found.reject(new Error(`${start.command.join(" ")}: ${why}\n${output()}`))
  const deadline = setTimeout(() => fail(`not ready within ${startSecondsMax} s`), startSecondsMax * 1000)
  void server.exited.then((code) => fail(`ended with ${code}`))
  try {
    return await found.promise
  } finally {
    clearTimeout(deadline)
  }
}

async function portWhenReady(
  server: Server,
  start: StartCommand,
  ready: () => Promise<boolean>,
): Promise<number> {
  const output = outputOf(server)
  const { startSecondsMax = startSecondsDefault } = start
  const deadline = performance.now() + startSecondsMax * 1000
  while (!(await ready())) {
    if (server.exitCode !== null || performance.now() > deadline) {
      throw new Error(`${start.command.join(" ")} does not answer: ${output().slice(-toldCharsMax)}`)
    }
    await Bun.sleep(20)
  }
  return start.portIn("") as number
}

/** The port in a line that names an address. */
export function portInAddress(output: string): number | undefined {
  const match = /127\.0\.0\.1:(\d+)/.exec(output)
  return match ? Number(match[1]) : undefined
}

/** Whether a WebSocket for STOMP opens there, within a second. */
export async function opensWebSocket(url: string): Promise<boolean> {
  const socket = new WebSocket(url, ["v12.stomp"])
  const opened = Promise.withResolvers<boolean>()
  socket.onopen = () => opened.resolve(true)
  socket.onerror = () => opened.resolve(false)
  const answer = await Promise.race([opened.promise, Bun.sleep(1000).then(() => false)])
  socket.close()
  return answer
}
