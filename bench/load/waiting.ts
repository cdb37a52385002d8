// Waits until everything that was published has been heard, and says so as a fault when it is not.
import type { Tally } from "./tally.ts"

/** Deliveries that stop coming for so long will not come. */
const silenceMsMax = 10_000

/** Waits until so many deliveries were counted. */
export async function untilHeard(tally: Tally, deliveries: number): Promise<void> {
  await untilNoneMissing(tally, () => deliveries - tally.deliveries)
}

/** Waits until the first `staying` listeners have heard so many messages each, where others come and go: nobody can say how much those must hear. */
export async function untilStayersHeard(
  tally: Tally,
  expected: { staying: number; messages: number },
): Promise<void> {
  await untilNoneMissing(tally, () => {
    let count = 0
    for (let each = 0; each < expected.staying; each++) count += expected.messages - tally.countOf(each)
    return count
  })
}

async function untilNoneMissing(tally: Tally, missing: () => number): Promise<void> {
  let seen = tally.deliveries
  let seenAt = performance.now()
  for (let left = missing(); left > 0; left = missing()) {
    await Bun.sleep(1)
    if (tally.deliveries !== seen) {
      seen = tally.deliveries
      seenAt = performance.now()
    } else if (performance.now() - seenAt > silenceMsMax) {
      return tally.fault(`${left} deliveries never came`)
    }
  }
}
