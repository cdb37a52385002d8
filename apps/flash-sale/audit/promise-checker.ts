// Checks the promises all the time, in a process of its own, so that reading a million tickets holds nobody up. What it
// found last is a metric and stands on the operator's page.
import { type InvariantName, invariantTitles } from "../model/invariants.ts"
import type { Verdict } from "../model/wire/api.ts"

interface PromiseCheckerOptions {
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

export class PromiseChecker {
  private readonly options: PromiseCheckerOptions
  private readonly children = new Set<Bun.Subprocess>()
  private readonly running = new Map<"books" | "channels", Promise<Verdict | null>>()
  /** The last verdict; null before the first. */
  verdict: Verdict | null = null
  /** Checks that came to nothing, one after the other: with those, the verdict is an old one. */
  failures = 0

  constructor(options: PromiseCheckerOptions) {
    this.options = options
  }

  /**
   * Starts a check, or joins one like it that runs. Answers the newest verdict. Of the books it may be asked every few seconds; the channels
   * of everybody cost Laba a request or two each.
   */
  check(of: "books" | "channels" = "books"): Promise<Verdict | null> {
    const running = this.running.get(of) ?? this.run(of).finally(() => this.running.delete(of))
    this.running.set(of, running)
    return running
  }

  stop(): void {
    for (const child of this.children) child.kill()
  }

  private async run(of: "books" | "channels"): Promise<Verdict | null> {
    const { command, env = {}, log, onVerdict } = this.options
    const child = Bun.spawn([...command, ...(of === "books" ? ["--books"] : [])], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: checkMsMax,
      // The checker may read the file that it is started beside, and nothing else of ours.
      env: { PATH: process.env["PATH"] ?? "", ...env },
    })
    this.children.add(child)
    const [said, complaint] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ])
    this.children.delete(child)
    try {
      const verdict = JSON.parse(said) as Verdict
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
      log(`flash sale: the check of the books failed: ${complaint.trim() || String(error)}`)
    }
    return this.verdict
  }
}
