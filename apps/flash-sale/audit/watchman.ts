// Checks the promises all the time, in a process of its own, so that reading a million tickets holds nobody up. What it
// found last is a metric and stands on the operator's page.
import { type InvariantName, invariantTitles } from "../model/invariants.ts"
import type { Verdict } from "./verdict.ts"

interface WatchmanOptions {
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

/** How many channels a check reads: each costs Laba a request or two. The next check goes on where it ended. */
const channelsMax = 500

/** And once channels were found empty, which is what it looks like when Laba has lost some: then the rest is not waited for. */
const hurriedChannelsMax = 4000

export class Watchman {
  private readonly options: WatchmanOptions
  private child: Bun.Subprocess<"ignore", "pipe", "pipe"> | null = null
  private running: Promise<Verdict | null> | null = null
  private stopped = false
  private next: string | null = null
  /** Checks that follow at once: as many as it takes to come round. */
  private hurried = 0
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
      if (this.hurried > 0) void this.check()
    })
    return this.running
  }

  stop(): void {
    this.stopped = true
    this.hurried = 0
    this.child?.kill()
  }

  private async run(): Promise<Verdict | null> {
    const { command, env = {}, log, onVerdict } = this.options
    const many = this.hurried > 0 ? hurriedChannelsMax : channelsMax
    const goesOn = this.next === null ? [] : ["--after", this.next]
    const child = Bun.spawn([...command, "--channels", String(many), ...goesOn], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: checkMsMax,
      // The checker may read the file that it is started beside, and nothing else of ours.
      env: { PATH: process.env["PATH"] ?? "", ...env },
    })
    this.child = child
    const [said, complaint] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ])
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
      this.plan(verdict)
      onVerdict?.(verdict)
    } catch (error) {
      this.failures += 1
      this.hurried = 0
      log(`flash sale: the check of the books failed: ${complaint.trim() || String(error)}`)
    }
    return this.verdict
  }

  /** Where the next check goes on, and whether it is waited for. */
  private plan({ channels }: Verdict): void {
    const before = this.hurried
    this.hurried = Math.max(0, before - 1)
    if (!("next" in channels)) return
    this.next = channels.next
    // Once round and no more: what cannot be kept must not be told without end.
    if (before === 0 && channels.empty > 0 && channels.read < channels.of && !this.stopped)
      this.hurried = Math.ceil(channels.of / (hurriedChannelsMax * 0.8))
  }
}
