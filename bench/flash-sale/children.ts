// Starts the processes of a bench's peers, and waits until each has said that it is ready.

export type Child = Bun.Subprocess<"ignore", "pipe", "inherit">

const readyMsMax = 15_000

/** Resolves with the child and with all it said until it had said `ready`. */
export async function startChild(command: string[], ready: string): Promise<{ child: Child; said: string }> {
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "inherit" })
  const clock = setTimeout(() => child.kill("SIGKILL"), readyMsMax)
  const reader = child.stdout.getReader()
  const decoder = new TextDecoder()
  let said = ""
  while (!said.includes(ready)) {
    const { done, value } = await reader.read()
    if (done) throw new Error(`${command.join(" ")} did not start: ${said}`)
    said += decoder.decode(value)
  }
  clearTimeout(clock)
  reader.releaseLock()
  return { child, said }
}

/** Ends a child at once, and waits until it has ended. */
export async function endChild(child: Child): Promise<void> {
  child.kill("SIGKILL")
  await child.exited
}
