// Laba in a process of its own beside a demo. It goes on when the demo dies, and holds the sockets meanwhile; when it dies itself it
// is started again at the same place.

interface LabaProcessOptions {
  /** The demo, for the log. */
  readonly name: string
  /** A program and its words, to which the port is added. It says `… is at URL` in a line of its own. */
  readonly program: readonly string[]
  readonly port: number
  readonly environment: Readonly<Record<string, string>>
  readonly log: (line: string) => void
}

interface LabaProcess {
  readonly url: string
  close(): Promise<void>
}

/** A start that takes longer has failed. */
const startMsMax = 30_000

/** Between two starts: a Laba that cannot live must not keep the machine busy. */
const restartMs = 1000

export async function startLabaProcess(options: LabaProcessOptions): Promise<LabaProcess> {
  let child = start(options, options.port)
  const url = await addressOf(child)
  const port = Number(new URL(url).port)
  let closing = false
  let timer: ReturnType<typeof setTimeout> | null = null
  const watch = (): void => {
    void child.exited.then((code) => {
      if (closing) return
      options.log(`${options.name}: Laba has ended (${child.signalCode ?? code}); starting it again`)
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

function start({ program, environment }: LabaProcessOptions, port: number): Child {
  // Without the flag a demo that is killed would leave it behind.
  return Bun.spawn([process.execPath, "--no-orphans", ...program, "--port", String(port)], {
    env: { PATH: process.env["PATH"] ?? "", ...environment },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  })
}

async function addressOf(child: Child): Promise<string> {
  const clock = setTimeout(() => child.kill("SIGKILL"), startMsMax)
  let text = ""
  try {
    for await (const bytes of child.stdout.values({ preventCancel: true })) {
      text += new TextDecoder().decode(bytes)
      const found = /is at (\S+)\n/.exec(text)?.[1]
      if (found) return found
    }
  } finally {
    clearTimeout(clock)
  }
  throw new Error("Laba did not start; what it said is above.")
}
