// Waits for conditions, never for times.

/** How long a condition may take on a machine that is busy with something else. */
const untilMsMax = 40_000

/** Asks again until the answer is right; fails at a deadline with the last answer. */
export async function until<T>(
  ask: () => T | Promise<T>,
  isRight: (answer: T) => boolean,
  msMax = untilMsMax,
): Promise<T> {
  const deadline = performance.now() + msMax
  for (;;) {
    const answer = await ask()
    if (isRight(answer)) return answer
    if (performance.now() > deadline) throw new Error(`Still ${JSON.stringify(answer)}`)
    await Bun.sleep(25)
  }
}

export const isTrue = (answer: boolean): boolean => answer
