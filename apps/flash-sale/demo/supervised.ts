// The shop as a demo: the payment simulator here, and the shop in a process beside it that is started again, at the same
// addresses, whenever it dies. So it can be killed at a press, and everybody sees what that costs.
import { randomBytes } from "node:crypto"
import { join } from "node:path"
import { makePrivateFolder } from "../../kit/command/private-folder.ts"
import { keptPort } from "../../kit/command/kept-port.ts"
import { secretIn } from "../../kit/command/secret.ts"
import { ownPorts } from "../serve.ts"
import { startSimulator } from "./simulator.ts"

interface SupervisedOptions {
  readonly directory: string
  readonly host: string
  readonly port: number
  /** A provider elsewhere; null starts a simulator. */
  readonly payments: string | null
  /** Of the simulator. Default: where it was at the last start on the directory. */
  readonly paymentsPort?: number | undefined
  /** Where browsers find the simulator, behind a proxy. */
  readonly publicPayments?: string | undefined
  /** Further arguments of the shop, as they were given. */
  readonly args: readonly string[]
  readonly log: (line: string) => void
}

export interface Supervised {
  /** The exit code of a shop that would not stay up; null when it was asked to end. */
  readonly ended: Promise<number | null>
  close(): Promise<void>
}

/** One that dies so soon after its start, and again, will not get better by starting it. */
const soonMs = 3000
const deathsMax = 3

export function supervise(options: SupervisedOptions): Supervised {
  const { directory, host, args, log } = options
  makePrivateFolder(directory)
  const secret = secretIn("FLASH_SALE_PAYMENT_SECRET") ?? randomBytes(32).toString("hex")
  const simulator =
    options.payments === null
      ? startSimulator({
          host,
          port:
            options.paymentsPort ??
            keptPort({ folder: directory, name: "payments", host, wish: ownPorts.payments }),
          publicUrl: options.publicPayments?.replace(/\/+$/, ""),
          path: join(directory, "payments.sqlite"),
          secret,
        })
      : null
  const payments = simulator?.url ?? (options.payments as string)
  let { port } = options
  let child: Bun.Subprocess<"pipe", "pipe", "inherit"> | null = null
  let isClosing = false

  const start = (): Bun.Subprocess<"pipe", "pipe", "inherit"> =>
    Bun.spawn(
      [
        process.execPath,
        join(import.meta.dir, "../main.ts"),
        "serve",
        ...["--data", directory, "--host", host, "--payments", payments],
        ...["--port", String(port), "--demo"],
        ...args,
      ],
      {
        // It ends when this pipe does. Not by `--no-orphans`: that would take a crowd along when the shop is killed.
        stdio: ["pipe", "pipe", "inherit"],
        env: { ...process.env, FLASH_SALE_PAYMENT_SECRET: secret, BUN_FEATURE_FLAG_NO_ORPHANS: "0" },
      },
    )

  const listen = async (lines: ReadableStream<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder()
    let rest = ""
    for await (const bytes of lines) {
      const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n")
      rest = parts.pop() as string
      for (const line of parts) {
        port = Number(/^The flash sale is at \S+:(\d+)/.exec(line)?.[1] ?? port)
        log(line)
      }
    }
  }

  const run = async (): Promise<number | null> => {
    for (let deaths = 0; ;) {
      const startedAt = performance.now()
      child = start()
      const heard = listen(child.stdout)
      const code = await child.exited
      await heard
      if (isClosing) return null
      if (code === 2) return code
      deaths = performance.now() - startedAt < soonMs ? deaths + 1 : 0
      if (deaths >= deathsMax) return code
      log(`The shop ended with ${child.signalCode ?? code}; it starts again.`)
    }
  }

  const ended = run()
  return {
    ended,
    async close() {
      isClosing = true
      child?.kill("SIGTERM")
      await ended
      await simulator?.close()
    },
  }
}
