// A bound on a wait.

/**
 * Waits for the work, but no longer than `ms`: whether it was done by then. Rejects when it fails by then. Leaves no timer behind
 * that would keep the process.
 */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>()
  const timer = setTimeout(late.resolve, ms, false)
  try {
    return await Promise.race([work.then(() => true), late.promise])
  } finally {
    clearTimeout(timer)
  }
}
