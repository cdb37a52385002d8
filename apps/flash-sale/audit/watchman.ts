// Checks the invariants all the time, in a process of its own, so that reading a million tickets holds nobody up. What
// it found last is a metric and stands on the operator's page.
import { type InvariantName, invariantTitles } from "../model/invariants.ts"

export interface Verdict {
  readonly at: number
  readonly findings: Readonly<Record<InvariantName, readonly string[]>>
}

export interface WatchmanOptions {
  /** The command that prints a verdict as JSON: `flash-sale verify --json`. */
  readonly command: readonly string[]
  readonly log: (line: string) => void
}

/** A check that takes longer is stuck. */
const checkMsMax = 120_000

export class Watchman {
  private readonly options: WatchmanOptions
  private running: Bun.Subprocess<"ignore", "pipe", "ignore"> | null = null
  /** The last verdict; null before the first. */
  verdict: Verdict | null = null

  constructor(options: WatchmanOptions) {
    this.options = options
  }

  /** Starts a check, unless one runs. */
  async check(): Promise<Verdict | null> {
    if (this.running) return this.verdict
    const child = Bun.spawn([...this.options.command], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
      timeout: checkMsMax,
      // The checker may read the file that it is started beside, and nothing else of ours.
      env: { PATH: process.env["PATH"] ?? "" },
    })
    this.running = child
    try {
      const verdict = JSON.parse(await new Response(child.stdout).text()) as Verdict
      for (const name of Object.keys(invariantTitles) as InvariantName[]) {
        for (const finding of verdict.findings[name].slice(0, 5))
          this.options.log(`flash sale: BROKEN ${name}: ${finding}`)
      }
      this.verdict = verdict
    } catch (error) {
      this.options.log(`flash sale: the check of the books failed: ${String(error)}`)
    } finally {
      this.running = null
    }
    return this.verdict
  }

  stop(): void {
    this.running?.kill()
  }
}
