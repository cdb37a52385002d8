// Waits for what becomes true some time after an act: in a page, in another process, in a log. A machine that is busy with
// something else shows it later, and that is no failure.

/** How long something may take to come true on such a machine. Guards against hanging; nothing is measured by it. */
const eventuallyMsMax = 30_000

/** Between two looks. */
const pauseMs = 25

/** Looks again until `look` does not throw, and gives what it gave. At the deadline it fails with what the last look said. */
export async function eventually<T>(look: () => T | Promise<T>): Promise<T> {
  const deadline = performance.now() + eventuallyMsMax
  for (;;) {
    try {
      return await look()
    } catch (error) {
      if (performance.now() > deadline)
        throw new Error(`not within ${eventuallyMsMax / 1000} s: ${String(error)}`, { cause: error })
      await Bun.sleep(pauseMs)
    }
  }
}
