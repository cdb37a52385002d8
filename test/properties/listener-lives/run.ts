// Do listeners of every kind hear what they must, through stalls, deletes, changed rules and outages?
// Thousands of short scenarios against a model. Prints a JSON line and exits with 1 when one broke a promise; a life that did is
// printed with its seed, as short as it can be made.
import { readFlags } from "../../../bench/measure/flags.ts"
import { Random } from "../../fuzz/random.ts"
import { runScenario, type Step, weighted } from "./scenario.ts"

interface ListenerLives {
  readonly runs: number
  readonly seed: number
  readonly steps: number
  readonly seconds: number
  readonly broken: readonly BrokenScenario[]
}

interface BrokenScenario {
  /** `{ runs: 1, seed }` runs it again. */
  readonly seed: number
  readonly why: string
  /** As few as still break it. */
  readonly steps: readonly Step[]
}

/** Runs are stopped when so many have broken: they are mostly one fault. */
const brokenMax = 5

/** Lives of random steps, one for each of `runs` seeds from `seed` on. */
export async function runListenerLives(options: {
  readonly runs: number
  readonly seed: number
}): Promise<ListenerLives> {
  const began = performance.now()
  const broken: BrokenScenario[] = []
  let count = 0
  let run = 0
  for (; run < options.runs && broken.length < brokenMax; run++) {
    const seed = options.seed + run
    const steps = stepsOf(new Random(seed))
    count += steps.length
    const why = await fault(steps)
    if (why === null) continue
    const fewest = await shrink(steps)
    broken.push({ seed, why: (await fault(fewest)) ?? why, steps: fewest })
  }
  const seconds = Math.round((performance.now() - began) / 100) / 10
  return { runs: run, seed: options.seed, steps: count, seconds, broken }
}

function stepsOf(random: Random): Step[] {
  const length = 10 + random.below(150)
  return Array.from({ length }, () => ({
    do: random.pick(weighted),
    a: random.below(1000),
    b: random.below(1000),
  }))
}

async function fault(steps: readonly Step[]): Promise<string | null> {
  try {
    await runScenario(steps)
    return null
  } catch (error) {
    return error instanceof Error
      ? error.name === "BrokenPromise"
        ? error.message
        : String(error.stack)
      : String(error)
  }
}

/** Leaves out steps, many at once first, while a promise is still broken. */
async function shrink(steps: readonly Step[]): Promise<readonly Step[]> {
  let best = steps
  for (let piece = Math.ceil(best.length / 2); piece >= 1; piece = piece === 1 ? 0 : Math.ceil(piece / 2)) {
    for (let at = 0; at < best.length;) {
      const fewer = [...best.slice(0, at), ...best.slice(at + piece)]
      if ((await fault(fewer)) === null) at += piece
      else best = fewer
    }
  }
  return best
}

if (import.meta.main) {
  const flags = readFlags({
    runs: 10_000,
    /** 0: one of its own, which is printed. */
    seed: 0,
  })
  const seed = flags.seed || 1 + Math.floor(Math.random() * 2 ** 31)
  const { broken, ...summary } = await runListenerLives({ runs: flags.runs, seed })
  for (const one of broken) console.log(JSON.stringify({ "listener-lives": "broken", ...one }))
  console.log(JSON.stringify({ "listener-lives": "end", ...summary, broken: broken.length }))
  process.exit(broken.length > 0 ? 1 : 0)
}
