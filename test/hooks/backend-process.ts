// A backend in a process of its own, for tests: what it prints is queued, and what is wrong with what it was sent is collected.
import { join } from "node:path"
import { Inbox } from "../support/inbox.ts"

/** An event as a backend prints it. */
export interface Seen {
  readonly kind: string
  readonly id: string
  readonly connection: string | null
  readonly channel: string
  readonly user: string | null
  readonly state: string | null
  readonly transport: string | null
  readonly type: string
  readonly body: string
  readonly port: number
  readonly problems: readonly string[]
  /** The dialect tencent: what came, as it came. */
  readonly json: unknown
}

export class BackendProcess implements AsyncDisposable {
  readonly port: number
  readonly seen: Inbox<Seen>
  private readonly child: Bun.Subprocess<"ignore", "pipe", "inherit">

  constructor(child: Bun.Subprocess<"ignore", "pipe", "inherit">, seen: Inbox<Seen>, port: number) {
    this.child = child
    this.seen = seen
    this.port = port
  }

  /** The address of its hooks, or of another path of it. */
  url(path = "/hooks"): string {
    return `http://127.0.0.1:${this.port}${path}`
  }

  /** The next event of this kind; others are passed over. */
  async next(kind: string): Promise<Seen> {
    for (;;) {
      const one = await this.seen.next(20_000)
      if (one.kind === kind) return one
    }
  }

  /** All events of a kind so far. */
  all(kind: string): Seen[] {
    return this.seen.seen.filter((one) => one.kind === kind)
  }

  /** What was wrong with anything that it was sent. */
  get problems(): string[] {
    return this.seen.seen.flatMap(({ kind, problems }) => problems.map((problem) => `${kind}: ${problem}`))
  }

  async control(orders: { hold?: boolean; delayMs?: number }): Promise<{ peak: number; held: number }> {
    const response = await fetch(this.url("/control"), { method: "POST", body: JSON.stringify(orders) })
    return (await response.json()) as { peak: number; held: number }
  }

  async kill(): Promise<void> {
    this.child.kill("SIGKILL")
    await this.child.exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}

interface BackendOptions {
  readonly secret?: string
  readonly port?: number
  /** Where to go on queueing, when one that was killed comes back. */
  readonly seen?: Inbox<Seen>
}

export async function startBackend(
  program: "laba-backend.ts" | "tencent-backend.ts",
  { secret = "", port = 0, seen = new Inbox<Seen>(program) }: BackendOptions = {},
): Promise<BackendProcess> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, program), secret, String(port)], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  })
  const listening = Promise.withResolvers<number>()
  void read(child.stdout, (line) => {
    const one = JSON.parse(line) as Seen
    if (one.kind === "listening") listening.resolve(one.port)
    else seen.push(one)
  }).then(() => listening.reject(new Error(`${program} ended before it listened`)))
  return new BackendProcess(child, seen, await listening.promise)
}

async function read(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ""
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n")
    rest = lines.pop() ?? ""
    for (const line of lines) onLine(line)
  }
}

export const secret = "a secret of more than thirty-two characters"

/** The same secret, this machine's own addresses allowed: what most tests configure. */
export const local = { secret, privateAddresses: ["127.0.0.1"] } as const
