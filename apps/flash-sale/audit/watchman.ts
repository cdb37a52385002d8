// Checks the promises all the time, in a process of its own, so that reading a million tickets holds nobody up. What it
// found last is a metric and stands on the operator's page.
import { type InvariantName, invariantTitles } from "../model/invariants.ts"
import type { Verdict } from "./verdict.ts"

export interface WatchmanOptions {
  /** The command that prints a verdict as JSON: `flash-sale verify --json`. */
  readonly command: readonly string[]
  /** What the command needs of the environment. */
  readonly env?: Readonly<Record<string, string>>
  readonly log: (line: string) => void
  /** Told of each verdict. */
  readonly onVerdict?: (verdict: Verdict) => void
}

/** A check that takes longer is stuck. */
const checkMsMax = 120_000

export class Watchman {
  private readonly options: WatchmanOptions
  private child: Bun.Subprocess<"ignore", "pipe", "ignore"> | null = null
  private running: Promise<Verdict | null> | null = null
  /** The last verdict; null before the first. */
  verdict: Verdict | null = null
  /** Checks that came to nothing, one after the other: with those, the verdict is an old one. */
  failures = 0

  constructor(options: WatchmanOptions) {
    this.options = options
  }

  /** Starts a check, or joins the one that runs. Answers the newest verdict. */
  check(): Promise<Verdict | null> {
    this.running ??= this.run().finally(() => {
      this.running = null
    })
    return this.running
  }

  stop(): void {
    this.child?.kill()
  }

  private async run(): Promise<Verdict | null> {
    const { command, env = {}, log, onVerdict } = this.options
    const child = Bun.spawn([...command], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
      timeout: checkMsMax,
      // The checker may read the file that it is started beside, and nothing else of ours.
      env: { PATH: process.env["PATH"] ?? "", ...env },
    })
    this.child = child
    try {
      const verdict = JSON.parse(await new Response(child.stdout).text()) as Verdict
      for (const name of Object.keys(invariantTitles) as InvariantName[]) {
        for (const finding of verdict.findings[name].slice(0, 5))
          log(`flash sale: BROKEN ${name}: ${finding}`)
      }
      if ("failed" in verdict.channels)
        log(`flash sale: the channels were not read: ${verdict.channels.failed}`)
      this.verdict = verdict
      this.failures = 0
      onVerdict?.(verdict)
    } catch (error) {
      this.failures += 1
      log(`flash sale: the check of the books failed: ${String(error)}`)
    }
    return this.verdict
  }
}
