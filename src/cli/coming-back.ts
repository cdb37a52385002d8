// The loop that comes back after a lost connection and resumes from the last cursor. Knows when, not over what.
import type { Address } from "./address.ts"
import { Failure } from "./command.ts"
import type { Ear, Ended, ListenOnce } from "./listening.ts"

const waitMsMin = 500
const waitMsMax = 20_000

/** Full jitter: a random wait up to a bound that doubles, so that many who lost one server do not return as one. */
export function waitMsAfter(tries: number, random: () => number = Math.random): number {
  return waitMsMin + random() * (Math.min(waitMsMax, waitMsMin * 2 ** tries) - waitMsMin)
}

export interface ComingBack {
  readonly listenOnce: ListenOnce
  readonly address: Address
  readonly after: string | null
  readonly ear: Ear
  /** Told once when the connection is lost, and once when it is back. */
  readonly notice: (text: string) => void
  readonly sleep?: (ms: number) => Promise<void>
}

/** Listens until the server says to stay away; then throws `Failure` with what it said. */
export async function listenAndComeBack(how: ComingBack): Promise<never> {
  const { listenOnce, address, ear, notice, sleep = Bun.sleep } = how
  let cursor = how.after
  let tries = 0
  let lost = false
  const keeping: Ear = {
    opened(next) {
      cursor = next
      tries = 0
      if (lost) notice("connected again")
      lost = false
      ear.opened(next)
    },
    heard(message) {
      cursor = message.cursor
      ear.heard(message)
    },
    reset(next, reason) {
      cursor = next
      ear.reset(next, reason)
    },
  }
  while (true) {
    const ended: Ended = await listenOnce(address, cursor, keeping)
    if (ended.retry === "stay-away") throw new Failure(ended.why)
    if (!lost) notice(`${ended.why}; coming back`)
    lost = true
    if (ended.retry === "back-off" || tries > 0)
      await sleep(Math.max(ended.waitMs ?? 0, waitMsAfter(tries + 1)))
    tries++
  }
}
