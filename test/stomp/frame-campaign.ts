// Does any stream of bytes make the reader of STOMP frames throw, hang, hold too much, or say another thing when it is cut otherwise?
// A million streams, good and broken. Prints a JSON line and exits with 1 when one does.
import { readFlags } from "../../bench/measure/flags.ts"
import { Random } from "../fuzz/random.ts"
import { faultIn, makeStream } from "./frame-stream.ts"

interface FrameFinding {
  readonly input: number
  readonly why: string
  /** In base64. */
  readonly bytes: string
}

/** Tries the streams of one seed, from the first on, until the time is over. */
export function tryStreams(
  seed: number,
  inputs: number,
  secondsMax = Number.POSITIVE_INFINITY,
): { tried: number; findings: readonly FrameFinding[] } {
  const findings: FrameFinding[] = []
  const deadline = performance.now() + secondsMax * 1000
  let tried = 0
  for (; tried < inputs && findings.length < 5 && performance.now() < deadline; tried++) {
    const stream = makeStream(seed, tried)
    const why = faultIn(stream, Random.of(seed, "stomp-cuts", tried))
    if (why !== null)
      findings.push({ input: tried, why, bytes: Buffer.from(stream.bytes).toString("base64") })
  }
  return { tried, findings }
}

if (import.meta.main) {
  const flags = readFlags({
    inputs: 1_000_000,
    /** 0: one of its own, which is printed. */
    seed: 0,
    /** After which it ends with what it has tried. A million take four on a quiet machine. */
    minutes: 10,
  })
  const seed = flags.seed || 1 + Math.floor(Math.random() * 2 ** 31)
  const began = performance.now()
  const { tried, findings } = tryStreams(seed, flags.inputs, flags.minutes * 60)
  const seconds = Math.round((performance.now() - began) / 1000)
  console.log(
    JSON.stringify({ campaign: "stomp-frames", seed, inputs: tried, asked: flags.inputs, seconds, findings }),
  )
  if (findings.length > 0) process.exitCode = 1
}
