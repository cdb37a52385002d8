// A broker's process for a test: in a folder of its own, killed as a crash would, started again with what its folder holds,
// and gone when the test's block ends.
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { eventually } from "../eventually.ts"

/** What runs now. A test that is broken off leaves nothing behind: a server would hold the pipe that the run is read from. */
const running = new Set<Bun.Subprocess>()
process.on("exit", () => {
  for (const server of running) killAll(server)
})

/** With its children: some are started by a shell that stays above them. */
function killAll(server: Bun.Subprocess): void {
  try {
    process.kill(-server.pid, "SIGKILL")
  } catch {
    // Already gone, which is what was wanted.
  }
}

interface BrokerOptions {
  readonly name: string
  readonly command: (folder: string) => readonly string[]
  readonly environment?: (folder: string) => Readonly<Record<string, string>>
  /** Throws while it takes no connections yet. */
  readonly ready: () => Promise<void>
  /** Runs whenever it has ended. */
  readonly ended?: () => void
}

export class BrokerProcess implements AsyncDisposable {
  readonly folder: string
  private readonly options: BrokerOptions
  private server: Bun.Subprocess | null = null

  constructor(options: BrokerOptions) {
    this.options = options
    this.folder = mkdtempSync(join(tmpdir(), `laba-${options.name}-`))
  }

  get environment(): Record<string, string | undefined> {
    return { ...process.env, JAVA_TOOL_OPTIONS: undefined, ...this.options.environment?.(this.folder) }
  }

  /** Starts it, with what its folder holds; kills it first when it runs. */
  async restart(): Promise<void> {
    await this.kill()
    const { command, ready, name } = this.options
    const log = join(this.folder, "log.txt")
    const server = Bun.spawn([...command(this.folder)], {
      cwd: this.folder,
      env: this.environment,
      stdin: "ignore",
      detached: true,
      stdout: Bun.file(log),
      stderr: Bun.file(`${log}.errors`),
    })
    this.server = server
    running.add(server)
    await eventually(async () => {
      if (server.exitCode !== null) throw new Error(`${name} ended: ${await Bun.file(log).text()}`)
      await ready()
    })
  }

  /** Ends it at once, as a power cut does, but for what the kernel has taken already. */
  async kill(): Promise<void> {
    const server = this.server
    this.server = null
    if (!server) return
    killAll(server)
    await server.exited
    running.delete(server)
    this.options.ended?.()
  }

  /** It stands still: connections stay, nothing is answered. */
  pause(): void {
    if (this.server) process.kill(-this.server.pid, "SIGSTOP")
  }

  resume(): void {
    if (this.server) process.kill(-this.server.pid, "SIGCONT")
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
