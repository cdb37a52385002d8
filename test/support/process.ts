// A server as its users start it: `node bin/laba.mjs serve`, in processes of its own, so that it can be killed, counted
// and sent signals.
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { ConfigInput } from "../../src/server/index.ts"

const launcher = join(import.meta.dir, "../../bin/laba.mjs")
const readyDeadlineMs = 60_000

interface ProcessOptions {
  /** Written to a config file and passed with `--config`. */
  readonly config?: ConfigInput
  /** Default 0, a free one; a fixed one only to come back where a killed server was. */
  readonly port?: number
  readonly args?: readonly string[]
}

export class ServerProcess implements AsyncDisposable {
  readonly base: string
  readonly port: number
  /** Of the launcher, which a shell or a supervisor would signal. */
  readonly launcherPid: number
  /** Of Bun, which holds the sockets. */
  readonly serverPid: number
  private readonly child: Bun.Subprocess
  private readonly output: string[]
  private readonly folder: string

  constructor(
    child: Bun.Subprocess,
    facts: { base: string; serverPid: number; output: string[]; folder: string },
  ) {
    this.child = child
    this.launcherPid = child.pid
    this.base = facts.base
    this.port = Number(new URL(facts.base).port)
    this.serverPid = facts.serverPid
    this.output = facts.output
    this.folder = facts.folder
  }

  /** Everything printed so far. */
  get printed(): string {
    return this.output.join("")
  }

  /** Of STOMP over TCP, as the server has printed it. */
  get stompPort(): number {
    return Number(/STOMP over TCP at port (\d+)/.exec(this.printed)?.[1])
  }

  /** To the launcher; it must pass it on. */
  signal(name: NodeJS.Signals): void {
    process.kill(this.launcherPid, name)
  }

  /** `kill -9` to the server itself: no goodbye to anybody. */
  async killHard(): Promise<void> {
    process.kill(this.serverPid, "SIGKILL")
    await this.child.exited
  }

  /** The launcher's exit code, once it is gone. */
  get exited(): Promise<number> {
    return this.child.exited
  }

  /** Open descriptors of the server, sockets among them. */
  async descriptors(): Promise<number> {
    return (await readdir(`/proc/${this.serverPid}/fd`)).length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pid of [this.serverPid, this.launcherPid]) killIfAlive(pid)
    await this.child.exited
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** Starts a server and answers once it printed the line that names its address. */
export async function startProcess(options: ProcessOptions = {}): Promise<ServerProcess> {
  const folder = await mkdtemp(join(tmpdir(), "laba-test-"))
  const args = ["serve", "--port", String(options.port ?? 0), ...(options.args ?? [])]
  if (options.config) {
    const file = join(folder, "laba.json")
    await writeFile(file, JSON.stringify(options.config))
    args.push("--config", file)
  }
  const child = Bun.spawn(["node", launcher, ...args], {
    cwd: folder,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  })
  const output: string[] = []
  try {
    const base = await addressIn(child, output)
    return new ServerProcess(child, { base, serverPid: await serverOf(child.pid), output, folder })
  } catch (error) {
    for (const pid of await childrenOf(child.pid)) killIfAlive(pid)
    killIfAlive(child.pid)
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

function addressIn(child: Bun.Subprocess<"ignore", "pipe", "pipe">, output: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`the server ${why}; it printed:\n${output.join("")}`))
    const clock = setTimeout(() => fail(`named no address within ${readyDeadlineMs} ms`), readyDeadlineMs)
    const read = async (stream: ReadableStream<Uint8Array>) => {
      const decoder = new TextDecoder()
      for await (const bytes of stream) {
        output.push(decoder.decode(bytes, { stream: true }))
        const base = /https?:\/\/[^\s/]+:\d+/.exec(output.join(""))?.[0]
        if (base) resolve(base)
      }
    }
    void Promise.all([read(child.stdout), read(child.stderr)]).then(() => fail("ended"))
    void child.exited.then(() => clearTimeout(clock))
  })
}

/** The launcher may have started Bun as its child; the one without children is the server. */
async function serverOf(pid: number): Promise<number> {
  const [first] = await childrenOf(pid)
  return first === undefined ? pid : serverOf(first)
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "")
  return text.split(" ").filter(Boolean).map(Number)
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // Already gone, which is what was wanted.
  }
}
