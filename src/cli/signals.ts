// What signals mean to a running server: end gently, end at once, read the configuration again.

/** By POSIX shells' habit: 128 and the signal's number. */
const codeOf = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

/** Started at a terminal, SIGHUP tells that the terminal is gone, and nobody is left who would end the server. */
const hangsUp = process.stdin.isTTY === true

const ending = hangsUp ? (["SIGINT", "SIGTERM", "SIGHUP"] as const) : (["SIGINT", "SIGTERM"] as const)

/** Resolves when the first signal came and `close` is through. A second signal ends the process without waiting. */
export async function stopBySignal(close: () => Promise<void>): Promise<void> {
  const first = Promise.withResolvers<void>()
  let stopping = false
  for (const signal of ending) {
    process.on(signal, () => {
      if (stopping) process.exit(codeOf[signal])
      stopping = true
      first.resolve()
    })
  }
  await first.promise
  await close()
}

/** Without a terminal, as a service is run, SIGHUP reads the configuration again. What came of it is in the log. */
export function reloadBySignal(server: { reload(): Promise<unknown> }): void {
  if (hangsUp) return
  process.on("SIGHUP", () => {
    // A configuration with mistakes was told to the log, and has changed nothing.
    server.reload().catch(() => undefined)
  })
}
