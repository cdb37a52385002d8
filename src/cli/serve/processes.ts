// Several processes of one server on one port (SO_REUSEPORT): starts them, starts again what died, ends them together.
// Knows that they are `laba serve` and print a line when they are ready; what they do is theirs.
import { StompPortError } from "../../server/stomp-port-error.ts"
import { CommandError } from "../command.ts"

interface ProcessesOptions {
  readonly count: number
  readonly host: string
  /** 0 is any free one. */
  readonly port: number
  /** The port of STOMP over TCP; null where there is none. */
  readonly stompPort: number | null
  /** The program and its arguments for one process; the port is added. */
  readonly command: readonly string[]
  /** What happens to them, a line each. */
  readonly say: (line: string) => void
}

/** How soon what died is started again: at first, and at most. It doubles while they die young. */
const delayMs = { first: 250, most: 10_000 } as const

/** Who lived this long did not die of its start. */
const grownUpMs = 30_000

/** Each process is told which it is, from 1, so that it keeps its name over restarts, and that the port is shared. */
export const processVariable = "LABA_PROCESS"

interface Child {
  readonly number: number
  process: Bun.Subprocess<"ignore", "pipe", "inherit">
  delayMs: number
}

export class Processes {
  /** Where they listen, as they say it. */
  url = ""
  private readonly port: number
  private readonly options: ProcessesOptions
  private readonly children: Child[] = []
  private readonly waiting = new Set<ReturnType<typeof setTimeout>>()
  private stopping = false

  private constructor(options: ProcessesOptions, port: number) {
    this.options = options
    this.port = port
  }

  /** Starts all of them. Throws `CommandError` when one cannot start: it has said why. */
  static async start(options: ProcessesOptions): Promise<Processes> {
    const { host, port, stompPort } = options
    const claimed = claim(host, port)
    if (stompPort !== null) claimStompPort(host, stompPort)
    const processes = new Processes(options, claimed)
    const ready = []
    for (let number = 1; number <= options.count; number++) ready.push(processes.add(number))
    try {
      await Promise.all(ready)
    } catch (error) {
      await processes.stop()
      throw error
    }
    return processes
  }

  signal(signal: NodeJS.Signals): void {
    for (const { process } of this.children) process.kill(signal)
  }

  /** Tells all of them to end, and waits. */
  async stop(): Promise<void> {
    this.stopping = true
    for (const timer of this.waiting) clearTimeout(timer)
    this.signal("SIGTERM")
    await Promise.all(this.children.map(({ process }) => process.exited))
  }

  private async add(number: number): Promise<void> {
    const child: Child = { number, process: this.spawn(number), delayMs: delayMs.first }
    this.children.push(child)
    const { process } = child
    const line = await firstLine(process.stdout)
    this.url = /listening on (\S+)/.exec(line ?? "")?.[1] ?? this.url
    if (line === null) {
      const code = await process.exited
      throw new CommandError(`process ${number} of ${this.options.count} did not start (exit code ${code})`)
    }
    void this.keep(child)
  }

  /** Waits for the end of a child that has started, and starts it again. */
  private async keep(child: Child): Promise<void> {
    const startedMs = performance.now()
    const { process, number } = child
    await process.exited
    if (this.stopping) return
    const ended = process.signalCode ?? `exit code ${process.exitCode}`
    if (performance.now() - startedMs >= grownUpMs) child.delayMs = delayMs.first
    this.options.say(`process ${number} has ended (${ended}); starting it again in ${child.delayMs} ms`)
    const timer = setTimeout(() => {
      this.waiting.delete(timer)
      child.process = this.spawn(number)
      void firstLine(child.process.stdout)
      void this.keep(child)
    }, child.delayMs)
    this.waiting.add(timer)
    child.delayMs = Math.min(delayMs.most, child.delayMs * 2)
  }

  private spawn(number: number): Child["process"] {
    return Bun.spawn([...this.options.command, "--port", String(this.port)], {
      env: { ...process.env, [processVariable]: String(number) },
      stdio: ["ignore", "pipe", "inherit"],
    })
  }
}

/** Nobody else may have the port: sharing it with a stranger would give them half of the connections in silence. */
function claim(host: string, port: number): number {
  const probe = Bun.listen({
    hostname: host,
    port,
    socket: { data() {} },
  })
  const claimed = probe.port
  probe.stop(true)
  return claimed
}

function claimStompPort(host: string, port: number): void {
  try {
    claim(host, port)
  } catch (error) {
    throw new StompPortError(port, error)
  }
}

/** Reads to the end, so that no child waits for a full pipe; answers with its first line. Null when there was none. */
async function firstLine(stdout: ReadableStream<Uint8Array>): Promise<string | null> {
  const decoder = new TextDecoder()
  const reader = stdout.getReader()
  let said = ""
  while (!said.includes("\n")) {
    const { done, value } = await reader.read()
    if (done) return null
    said += decoder.decode(value, { stream: true })
  }
  const rest = async (): Promise<void> => {
    while (!(await reader.read()).done);
  }
  void rest().catch(() => undefined)
  return said
}
