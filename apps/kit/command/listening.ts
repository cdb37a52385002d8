// Ports and signals of a program that listens.

/** The port that is wished for where nobody has it, else one that is free. */
export function freePort(hostname: string, wish: number): number {
  for (const port of [wish, 0]) {
    try {
      const probe = Bun.serve({
        development: false,
        reusePort: false,
        port,
        hostname,
        fetch: () => new Response(),
      })
      const found = probe.port as number
      void probe.stop(true)
      return found
    } catch {
      // Somebody has it.
    }
  }
  return wish
}

/** Ends the process once it is closed, when it is asked to end. */
export function stopBySignal(close: () => Promise<unknown>): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void close().then(() => process.exit(0)))
}
