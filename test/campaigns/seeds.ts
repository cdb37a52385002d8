// Runs one seed after the other, unattended: each comes to a verdict, is told of as untried, or hangs, which is a finding too. What the
// programs beside ours fail in is no finding: such a seed is tried once more, and then reported apart.
import { PeerError } from "../support/peer-error.ts"

interface Verdict {
  /** Is printed. */
  readonly report: object
  /** What is wrong; empty when all is well. */
  readonly findings: readonly string[]
}

interface SeedsOptions {
  readonly seeds: readonly number[]
  /** What a line calls its seed. Default `seed`. */
  readonly name?: string
  run(seed: number): Promise<Verdict>
  /** After which no seed is begun. */
  readonly minutes: number
  /** After which one hangs. */
  readonly runMinutesMax: number
  /** Prints a line. Default: on standard output. */
  readonly print?: (line: object) => void
}

interface SeedsSummary {
  /** Seeds that came to a verdict. */
  readonly tried: number
  /** Those that did not, since a program beside ours failed twice. */
  readonly untried: readonly number[]
  /** Those for which there was no time. */
  readonly left: number
  readonly findings: number
  readonly minutes: number
}

export async function runSeeds(options: SeedsOptions): Promise<SeedsSummary> {
  const { seeds, run, minutes, runMinutesMax, name = "seed", print = printLine } = options
  const began = performance.now()
  const minutesSince = (): number => (performance.now() - began) / 60_000
  const untried: number[] = []
  let tried = 0
  let findings = 0
  let hangs = false
  for (const seed of seeds) {
    // What hangs still runs, and would be in the way of all others.
    if (hangs || minutesSince() >= minutes) break
    const outcome = await judged(() => run(seed), runMinutesMax)
    if ("peer" in outcome) {
      untried.push(seed)
      print({ [name]: seed, untried: outcome.peer })
      continue
    }
    tried++
    hangs = outcome.hangs
    findings += outcome.findings.length
    print({ [name]: seed, ...outcome.report })
  }
  return {
    tried,
    untried,
    left: seeds.length - tried - untried.length,
    findings,
    minutes: Math.round(minutesSince() * 10) / 10,
  }
}

/** 1 when anything was found, and when nothing was tried. */
export const exitOf = ({ tried, findings }: SeedsSummary): number => (findings > 0 || tried === 0 ? 1 : 0)

type Judged = (Verdict & { readonly hangs: boolean }) | { readonly peer: string }

async function judged(run: () => Promise<Verdict>, minutesMax: number): Promise<Judged> {
  const first = await judgedOnce(run, minutesMax)
  return "peer" in first ? judgedOnce(run, minutesMax) : first
}

async function judgedOnce(run: () => Promise<Verdict>, minutesMax: number): Promise<Judged> {
  const late = Promise.withResolvers<"late">()
  const clock = setTimeout(() => late.resolve("late"), minutesMax * 60_000)
  try {
    const verdict = await Promise.race([run(), late.promise])
    if (verdict !== "late") return { ...verdict, hangs: false }
    return { ...failed(`it has not come to its end within ${minutesMax} minutes`), hangs: true }
  } catch (error) {
    if (error instanceof PeerError) return { peer: error.message }
    return {
      ...failed(error instanceof Error ? (error.stack ?? error.message) : String(error)),
      hangs: false,
    }
  } finally {
    clearTimeout(clock)
  }
}

const printLine = (line: object): void => console.log(JSON.stringify(line))

const failed = (why: string): Verdict => ({ report: { findings: [why] }, findings: [why] })
