// A program started through the launcher, with or without a terminal of its own, and what it has printed so far.

const deadlineMs = 60_000

interface LaunchOptions {
  readonly terminal: boolean
  readonly cwd?: string
}

export class Launched implements AsyncDisposable {
  readonly child: Bun.Subprocess
  private printed = ""
  private waiting: (() => void)[] = []

  constructor(command: string[], { terminal, cwd = process.cwd() }: LaunchOptions) {
    if (terminal) {
      this.child = Bun.spawn(command, { cwd, terminal: { data: (_, bytes) => this.hear(bytes) } })
    } else {
      const child = Bun.spawn(command, { cwd, stdin: "ignore", stdout: "pipe", stderr: "inherit" })
      this.child = child
      void this.read(child.stdout)
    }
  }

  /** Presses Ctrl-C: the terminal signals every process of its foreground group. */
  pressCtrlC(): void {
    this.child.terminal?.write("\x03")
  }

  /** Closes the terminal's window: its processes get a SIGHUP. */
  hangUp(): void {
    this.child.terminal?.close()
  }

  /** Waits until what was printed matches; fails at the deadline with all of it. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    const clock = setTimeout(() => this.wake(), deadlineMs)
    const startedMs = performance.now()
    try {
      for (;;) {
        const match = pattern.exec(this.printed)
        if (match) return match
        if (performance.now() - startedMs >= deadlineMs) throw new Error(`no ${pattern} in:\n${this.printed}`)
        await new Promise<void>((resolve) => this.waiting.push(resolve))
      }
    } finally {
      clearTimeout(clock)
    }
  }

  /** The signals that `says-signals.ts` said it got. */
  get signals(): string[] {
    return [...this.printed.matchAll(/<(SIG[A-Z]+)>/g)].map((match) => match[1] as string)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL")
    await this.child.exited
    this.child.terminal?.close()
  }

  private async read(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const bytes of stream) this.hear(bytes)
  }

  private hear(bytes: Uint8Array): void {
    this.printed += new TextDecoder().decode(bytes)
    this.wake()
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve()
  }
}
