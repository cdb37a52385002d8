// Starts nodes as processes of their own (node-program.ts), to be killed or sent away.
import { join } from "node:path"
import type { ConfigInput } from "../../src/server/index.ts"
import { clockJumpVariable, clockShiftVariable } from "../support/shifted-clock.ts"

const program = join(import.meta.dir, "node-program.ts")
const shiftedClock = join(import.meta.dir, "../support/shifted-clock.ts")

interface NodeProcessOptions {
  /** How far its clock is ahead, in milliseconds; negative when it is behind. */
  readonly clockShiftMs?: number
  /** By how much `jumpClock` sets it ahead; negative: back. */
  readonly clockJumpMs?: number
}

export class NodeProcess implements AsyncDisposable {
  readonly base: string
  private readonly child: Bun.Subprocess

  private constructor(child: Bun.Subprocess, base: string) {
    this.child = child
    this.base = base
  }

  static async start(
    input: ConfigInput,
    { clockShiftMs = 0, clockJumpMs = 0 }: NodeProcessOptions = {},
  ): Promise<NodeProcess> {
    const command = [process.execPath, "--preload", shiftedClock, program, JSON.stringify(input)]
    const child = Bun.spawn(command, {
      env: {
        ...process.env,
        [clockShiftVariable]: String(clockShiftMs),
        [clockJumpVariable]: String(clockJumpMs),
      },
      stdout: "pipe",
      stderr: "inherit",
    })
    let text = ""
    const decoder = new TextDecoder()
    for await (const bytes of child.stdout) {
      text += decoder.decode(bytes, { stream: true })
      if (text.includes("\n")) return new NodeProcess(child, text.trim())
    }
    throw new Error(`the node ended before it listened; it printed: ${text}`)
  }

  get port(): number {
    return Number(new URL(this.base).port)
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    this.child.kill("SIGKILL")
    await this.child.exited
  }

  /** It stands still: its connections stay, and nobody is answered. */
  pause(): void {
    this.child.kill("SIGSTOP")
  }

  resume(): void {
    this.child.kill("SIGCONT")
  }

  /** Somebody sets its date. */
  jumpClock(): void {
    this.child.kill("SIGUSR2")
  }

  /** Asks it to go; resolves when it has gone. */
  async leave(): Promise<void> {
    this.child.kill("SIGTERM")
    await this.child.exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}
