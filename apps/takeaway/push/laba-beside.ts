// Laba in a process of its own beside the desk. It goes on when the desk dies, and holds the sockets meanwhile; when it dies
// itself it is started again at the same place.
import { join } from "node:path"

interface LabaBesideOptions {
  /** The words for `main.ts laba`; the port is added. */
  readonly words: readonly string[]
  readonly port: number
  readonly environment: Readonly<Record<string, string>>
  readonly log: (line: string) => void
}

interface LabaBeside {
  readonly url: string
  close(): Promise<void>
}

const main = join(import.meta.dir, "../main.ts")

/** A start that takes longer has failed. */
const startMsMax = 30_000

/** Between two starts: a Laba that cannot live must not keep the machine busy. */
const restartMs = 1000

/** The line by which it says that it listens. */
export const listeningLine = (url: string): string => `Laba for the takeaway desk is at ${url}`

export async function labaBeside(options: LabaBesideOptions): Promise<LabaBeside> {
  let child = start(options, options.port)
  const url = await addressOf(child)
  const port = Number(new URL(url).port)
  let closing = false
  let timer: ReturnType<typeof setTimeout> | null = null
  const watch = (): void => {
    void child.exited.then((code) => {
      if (closing) return
      options.log(`takeaway: Laba has ended (${child.signalCode ?? code}); starting it again`)
      timer = setTimeout(() => {
        child = start(options, port)
        watch()
      }, restartMs)
    })
  }
  watch()
  return {
    url,
    async close() {
      closing = true
      if (timer) clearTimeout(timer)
      child.kill("SIGTERM")
      await child.exited
    },
  }
}

type Child = Bun.Subprocess<"ignore", "pipe", "inherit">

function start({ words, environment }: LabaBesideOptions, port: number): Child {
  // Without the flag a desk that is killed would leave it behind.
  return Bun.spawn([process.execPath, "--no-orphans", main, "laba", ...words, "--port", String(port)], {
    env: { PATH: process.env["PATH"] ?? "", ...environment },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  })
}

async function addressOf(child: Child): Promise<string> {
  const clock = setTimeout(() => child.kill("SIGKILL"), startMsMax)
  const decoder = new TextDecoder()
  const reader = child.stdout.getReader()
  let text = ""
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) throw new Error("Laba did not start; what it said is above.")
      text += decoder.decode(value, { stream: true })
      const found = /is at (\S+)\n/.exec(text)?.[1]
      if (found) return found
    }
  } finally {
    clearTimeout(clock)
    reader.releaseLock()
  }
}
