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

/** Says how an input's work grows too fast, or null. The input is grown by saying a piece of it over and over. */
export function superlinear(target: ParserTarget, input: Uint8Array, random: Random): string | null {
  if (!target.work || input.length < 2) return null
  const { bytesMax, run } = target.work
  const at = random.below(input.length)
  const period = 1 + random.below(Math.min(12, input.length - at))
  const grown = (bytes: number): Uint8Array => repeated(input, { at, period, bytes })
  const small = grown(Math.max(input.length, Math.floor(bytesMax / growth)))
  const large = grown(bytesMax)
  let least = Number.POSITIVE_INFINITY
  for (let time = 0; time < confirmations; time++) {
    const smallMs = cpuMsOf(() => run(small))
    const largeMs = cpuMsOf(() => run(large))
    const ratio = largeMs / large.length / (Math.max(smallMs, 0.05) / small.length)
    if (largeMs < millisecondsMin || ratio < ratioMax) return null
    least = Math.min(least, ratio)
  }
  return `work per byte grows ${least.toFixed(1)} times while the input grows ${growth} times (piece ${JSON.stringify(
    Buffer.from(input.slice(at, at + period)).toString("latin1"),
  )} said again up to ${bytesMax} bytes)`
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

/** CPU time, not the clock's: other processes are not in it. */
function cpuMsOf(work: () => unknown): number {
  const before = process.cpuUsage()
  try {
    work()
  } catch {
    // What is refused has been worked on as well; whether it may be thrown is for the target's check to say.
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
