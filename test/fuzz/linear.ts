// Whether work grows as its input does. The CPU time per byte of an input is set beside that of one sixteen times as long;
// squared work would cost sixteen times as much a byte. Generous, and asked again several times before it is believed, so that
// a busy machine says nothing about a parser.
import type { Random } from "./random.ts"
import type { ParserTarget } from "./target.ts"

const growth = 16
/** Per byte. What is linear stays near 1, caches and garbage included; what is squared nears 16. */
const ratioMax = 6
/** Less than this is not worth an attacker's while, and is noise. */
const millisecondsMin = 20
const confirmations = 4
/** What takes so long needs no second look. */
const millisecondsMax = 1000

/** Says how an input's work grows too fast when a piece of it, chosen by chance, is said over and over; or null. */
export function superlinear(target: ParserTarget, input: Uint8Array, random: Random): string | null {
  if (input.length < 2) return null
  const at = random.below(input.length)
  return growthOf(target, input, { at, period: 1 + random.below(Math.min(12, input.length - at)) })
}

/** Places of an input of the corpus that are tried. Its beginning shows what there is; the whole would take minutes. */
const placesMax = 32

/** The same for each character at the beginning of an input, without chance: what was found once stays found. */
export function superlinearSomewhere(target: ParserTarget, input: Uint8Array): string | null {
  for (let at = 0; at < Math.min(input.length, placesMax); at++) {
    const said = growthOf(target, input, { at, period: 1 })
    if (said !== null) return said
  }
  return null
}

type Piece = Pick<Growth, "at" | "period">

function growthOf(target: ParserTarget, input: Uint8Array, { at, period }: Piece): string | null {
  if (!target.work) return null
  const { bytesMax, run } = target.work
  const grown = (bytes: number): Uint8Array => repeated(input, { at, period, bytes })
  const large = grown(bytesMax)
  const small = grown(Math.max(input.length, Math.floor(bytesMax / growth)))
  let least = Number.POSITIVE_INFINITY
  for (let time = 0; time < confirmations; time++) {
    const largeMs = cpuMsOf(() => run(large))
    if (largeMs < millisecondsMin) return null
    const ratio =
      largeMs /
      large.length /
      (Math.max(
        cpuMsOf(() => run(small)),
        0.05,
      ) /
        small.length)
    if (ratio < ratioMax) return null
    least = Math.min(least, ratio)
    if (largeMs > millisecondsMax) break
  }
  return `work per byte grows ${least.toFixed(1)} times while the input grows ${growth} times: ${JSON.stringify(
    Buffer.from(input.slice(at, at + period)).toString("latin1"),
  )} said again at ${at} of ${JSON.stringify(Buffer.from(input).toString("latin1").slice(0, 100))} up to ${bytesMax} bytes`
}

interface Growth {
  readonly at: number
  readonly period: number
  readonly bytes: number
}

function repeated(input: Uint8Array, { at, period, bytes }: Growth): Uint8Array {
  const extra = Math.max(0, bytes - input.length)
  const grown = new Uint8Array(input.length + extra)
  grown.set(input.subarray(0, at))
  for (let i = 0; i < extra; i++) grown[at + i] = input[at + (i % period)] as number
  grown.set(input.subarray(at), at + extra)
  return grown
}

/** CPU time of this thread: neither other processes are in it, nor what the runtime does on threads of its own. */
function cpuMsOf(work: () => unknown): number {
  const before = process.threadCpuUsage()
  try {
    work()
  } catch {
    // What is refused has been worked on as well; whether it may be thrown is for the target's check to say.
  }
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}
