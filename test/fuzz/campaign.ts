// Runs one target for a while: makes inputs, tries them, makes what broke something small, and saves it.
import { type CorpusFile, readCorpus, saveCrasher } from "./corpus.ts"
import { superlinear, superlinearSomewhere } from "./linear.ts"
import { mutate } from "./mutation.ts"
import { Random } from "./random.ts"
import { shrink } from "./shrink.ts"
import type { AnyTarget, ParserTarget, ServerTarget } from "./target.ts"
import type { Victim } from "./victim.ts"

interface CampaignOptions {
  readonly seed: number
  readonly seconds: number
  /** Findings after which it stops: the same mistake is found over and over. Default 5. */
  readonly findingsMax?: number
}

export interface Finding {
  readonly target: string
  readonly what: string
  /** Which of the seed's inputs it was; null for one of the corpus. */
  readonly input: number | null
  /** Where the input was saved. Null when it was there before, or when no single input can be blamed. */
  readonly file: string | null
}

interface CampaignReport {
  readonly target: string
  readonly executions: number
  readonly seconds: number
  readonly findings: readonly Finding[]
}

/** One in so many inputs of a parser has its growth looked at, since that costs as much as hundreds. */
const growthEvery = 200
/** Conversations with a server at the same time. */
const lanes = 16
/** After so many the healthy clients are asked. */
const batch = 160

/** Every input of the corpus once: what was broken before must not be again. */
export async function replay(target: AnyTarget, victim: Victim | null): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const { name, bytes } of readCorpus(target.name)) {
    const wrong = await wrongWith(target, bytes, victim)
    const what = wrong ?? (target.kind === "parser" ? superlinearSomewhere(target, bytes) : null)
    if (what !== null)
      findings.push({ target: target.name, what: `${name}: ${what}`, input: null, file: null })
  }
  const complaint = target.kind === "server" ? await victim?.complaint() : null
  if (complaint)
    findings.push({ target: target.name, what: `after the corpus: ${complaint}`, input: null, file: null })
  return findings
}

export async function campaign(
  target: AnyTarget,
  victim: Victim | null,
  options: CampaignOptions,
): Promise<CampaignReport> {
  const began = performance.now()
  const isOver = (): boolean => performance.now() - began > options.seconds * 1000
  const corpus = readCorpus(target.name)
  const run =
    target.kind === "parser"
      ? parse(target, corpus, options, isOver)
      : converse(target, corpus, victim as Victim, options, isOver)
  const { executions, findings } = await run
  return { target: target.name, executions, seconds: (performance.now() - began) / 1000, findings }
}

type Outcome = Promise<Pick<CampaignReport, "executions" | "findings">>

async function parse(
  target: ParserTarget,
  corpus: readonly CorpusFile[],
  options: CampaignOptions,
  isOver: () => boolean,
): Outcome {
  const findings: Finding[] = []
  let executions = 0
  while (!isOver() && findings.length < (options.findingsMax ?? 5)) {
    const number = executions++
    const random = Random.of(options.seed, target.name, number)
    const input = makeInput(target, corpus, random)
    let what = await wrongWith(target, input, null)
    if (what !== null) {
      const small = await shrink(input, async (smaller) => (await wrongWith(target, smaller, null)) !== null)
      what = (await wrongWith(target, small, null)) ?? what
      findings.push({ target: target.name, what, input: number, file: saveCrasher(target.name, small) })
      continue
    }
    what = number % growthEvery === 0 ? superlinear(target, input, random) : null
    if (what !== null) {
      // Its growth is what is wrong with it, so it is kept as it is.
      findings.push({ target: target.name, what, input: number, file: saveCrasher(target.name, input) })
    }
    // Timers and signals are let in now and then: checks that never wait leave them no turn.
    if (number % growthEvery === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  return { executions, findings }
}

async function converse(
  target: ServerTarget,
  corpus: readonly CorpusFile[],
  victim: Victim,
  options: CampaignOptions,
  isOver: () => boolean,
): Outcome {
  const findings: Finding[] = []
  let executions = 0
  while (!isOver() && findings.length < (options.findingsMax ?? 5)) {
    const first = executions
    const lane = async (): Promise<void> => {
      while (executions < first + batch && !isOver()) {
        const number = executions++
        const input = makeInput(target, corpus, Random.of(options.seed, target.name, number))
        const what = await wrongWith(target, input, victim)
        // The same word again is the same mistake until the first is mended.
        if (what === null || findings.some((one) => one.what === what)) continue
        const finding = { target: target.name, what, input: number }
        const at = findings.push({ ...finding, file: null }) - 1
        const small = await shrink(
          input,
          async (smaller) => (await wrongWith(target, smaller, victim)) === what,
        )
        findings[at] = { ...finding, file: saveCrasher(target.name, small) }
      }
    }
    await Promise.all(Array.from({ length: lanes }, lane))
    const complaint = await victim.complaint()
    if (complaint === null) continue
    const blamed = `one of the inputs ${first} to ${executions - 1} of seed ${options.seed}: ${complaint}`
    findings.push({ target: target.name, what: blamed, input: null, file: null })
    break
  }
  return { executions, findings }
}

function makeInput(target: AnyTarget, corpus: readonly CorpusFile[], random: Random): Uint8Array {
  const inputs = corpus.map(({ bytes }) => bytes)
  const input = random.pick(inputs)
  const mutated = (piece: Uint8Array): Uint8Array =>
    mutate(random, piece, { corpus: inputs, words: target.words })
  const plain = (): Uint8Array => mutated(input)
  return target.reshape ? target.reshape(random, input, plain, mutated) : plain()
}

async function wrongWith(
  target: AnyTarget,
  input: Uint8Array,
  victim: Victim | null,
): Promise<string | null> {
  try {
    if (target.kind === "server") return await target.send(victim as Victim, input)
    await target.check(input)
    return null
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
}
