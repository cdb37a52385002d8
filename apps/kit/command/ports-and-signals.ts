// The port, the address and the signals of a program that listens.

/** The port that is wished for where nobody has it, else one that is free. */
export const freePort = (hostname: string, wish: number): number =>
  listenOnce(hostname, wish) ?? listenOnce(hostname, 0) ?? wish

/** Whether this machine has an address. */
export const isOwnAddress = (hostname: string): boolean => hostname !== "" && listenOnce(hostname, 0) !== null

/** Listens for a moment. Answers at which port; null where that cannot be. */
function listenOnce(hostname: string, port: number): number | null {
  const fetch = (): Response => new Response()
  try {
    const server = Bun.serve({ development: false, reusePort: false, hostname, port, fetch })
    void server.stop(true)
    return server.port as number
  } catch {
    return null
  }
}

/** Ends the process once it is closed, when it is asked to end. */
export function stopBySignal(close: () => Promise<unknown>): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void close().then(() => process.exit(0)))
}
