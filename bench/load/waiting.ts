// Waits until everything that was published has been heard, and says so as a fault when it is not.
import type { Tally } from "./tally.ts"

/** Deliveries that stop coming for so long will not come. */
const silenceMsMax = 10_000

/** Waits until so many deliveries were counted, or for so many seconds at most; answers how many are missing then. */
export async function untilHeard(tally: Tally, deliveries: number, secondsMax?: number): Promise<number> {
  return await untilNoneMissing(tally, () => deliveries - tally.deliveries, secondsMax)
}

/** Waits until the first `staying` listeners have heard so many messages each, where others come and go: nobody can say how much those must hear. */
export async function untilStayersHeard(
  tally: Tally,
  expected: { staying: number; messages: number },
  secondsMax?: number,
): Promise<number> {
  const missing = (): number => {
    let count = 0
    for (let each = 0; each < expected.staying; each++) count += expected.messages - tally.countOf(each)
    return count
  }
  return await untilNoneMissing(tally, missing, secondsMax)
}

async function untilNoneMissing(
  tally: Tally,
  missing: () => number,
  secondsMax = Number.POSITIVE_INFINITY,
): Promise<number> {
  const deadline = performance.now() + secondsMax * 1000
  let seen = tally.deliveries
  let seenAt = performance.now()
  for (let left = missing(); left > 0; left = missing()) {
    await Bun.sleep(1)
    if (tally.deliveries !== seen) {
      seen = tally.deliveries
      seenAt = performance.now()
    } else if (performance.now() - seenAt > silenceMsMax) {
      tally.fault(`${left} deliveries never came`)
      return left
    }
    if (performance.now() > deadline) return left
  }
  return 0
}
