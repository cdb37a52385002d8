// curl as a listener and publisher: the lines of the README, run as they are written.
import { deadlineMs } from "./inbox.ts"

interface CurlResult {
  readonly exitCode: number
  readonly output: string
}

/** Runs curl to its end, silently, with what it printed. */
export async function curl(...args: readonly string[]): Promise<CurlResult> {
  const child = Bun.spawn(["curl", "-sS", ...args], { stdout: "pipe", stderr: "inherit" })
  const output = await new Response(child.stdout).text()
  return { exitCode: await child.exited, output }
}

/** A curl that keeps printing, read as it prints. */
export class CurlStream implements AsyncDisposable {
  printed = ""
  private readonly child: Bun.Subprocess<"ignore", "pipe", "inherit">
  private wake: () => void = () => {}

  constructor(...args: readonly string[]) {
    this.child = Bun.spawn(["curl", "-sS", ...args], { stdin: "ignore", stdout: "pipe", stderr: "inherit" })
    void this.read()
  }

  /** Resolves once `text` was printed; fails at the deadline with everything printed so far. */
  async prints(text: string, withinMs = deadlineMs): Promise<void> {
    const giveUpAt = Date.now() + withinMs
    while (!this.printed.includes(text)) {
      const left = giveUpAt - Date.now()
      if (left <= 0)
        throw new Error(`curl did not print ${JSON.stringify(text)}, but: ${JSON.stringify(this.printed)}`)
      await new Promise<void>((resolve) => {
        const clock = setTimeout(resolve, left)
        this.wake = () => (clearTimeout(clock), resolve())
      })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill()
    await this.child.exited
  }

  private async read(): Promise<void> {
    const decoder = new TextDecoder()
    for await (const bytes of this.child.stdout) {
      this.printed += decoder.decode(bytes, { stream: true })
      this.wake()
    }
  }
}
