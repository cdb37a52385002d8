// Ends a running server by signals: the first gently, the second at once.

/** By POSIX shells' habit: 128 and the signal's number. */
const codeOf = { SIGINT: 130, SIGTERM: 143 } as const

/** Resolves when the first signal came and `close` is through. A second signal ends the process without waiting. */
export async function stopBySignal(close: () => Promise<void>): Promise<void> {
  const first = Promise.withResolvers<void>()
  let stopping = false
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(codeOf[signal])
      stopping = true
      first.resolve()
    })
  }
  await first.promise
  await close()
}
