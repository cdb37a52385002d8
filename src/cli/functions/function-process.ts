// One process with functions in it, from the outside: started, called, ended.
import { join } from "node:path"
import type { HookKind } from "../../hooks/remote/remote.ts"
import type { LabaAddress } from "./laba-api.ts"
import type { ProcessCommand, ProcessReport, ServedFile } from "./process-messages.ts"

const program = join(import.meta.dir, "program.ts")

interface Waiting {
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: Error) => void
}

export class FunctionProcess {
  readonly files: ReadonlyMap<string, ServedFile>
  private readonly child: Bun.Subprocess
  private readonly waiting: Map<number, Waiting>
  private count = 0
  private retired = false

  private constructor(
    child: Bun.Subprocess,
    facts: { files: readonly ServedFile[]; waiting: Map<number, Waiting> },
  ) {
    this.child = child
    this.files = new Map(facts.files.map((file) => [file.name, file]))
    this.waiting = facts.waiting
  }

  /** Throws what is wrong with the files, as it is shown to their author. */
  static async start(folder: string, database: string): Promise<FunctionProcess> {
    const ready = Promise.withResolvers<readonly ServedFile[]>()
    const waiting = new Map<number, Waiting>()
    const child = Bun.spawn([process.execPath, "--no-orphans", program, folder, database], {
      stdio: ["ignore", "inherit", "inherit"],
      serialization: "advanced",
      ipc(report: ProcessReport) {
        if ("ready" in report) ready.resolve(report.ready)
        else if ("broken" in report) ready.reject(new Error(report.broken))
        else settle(waiting, report)
      },
      onExit() {
        const ended = new Error("The functions have ended.")
        ready.reject(ended)
        for (const one of waiting.values()) one.reject(ended)
      },
    })
    try {
      return new FunctionProcess(child, { files: await ready.promise, waiting })
    } catch (error) {
      child.kill()
      throw error
    }
  }

  tell(laba: LabaAddress): void {
    this.child.send({ laba } satisfies ProcessCommand)
  }

  /** Throws what the function throws, with its stack. */
  call(file: string, kind: HookKind, event: unknown): Promise<unknown> {
    this.count++
    const call = this.count
    return new Promise((resolve, reject) => {
      const done = (): void => {
        this.waiting.delete(call)
        if (this.retired) this.endWhenIdle()
      }
      this.waiting.set(call, {
        resolve: (answer) => (done(), resolve(answer)),
        reject: (error) => (done(), reject(error)),
      })
      this.child.send({ call, file, kind, event } satisfies ProcessCommand)
    })
  }

  /** Takes no more calls, and ends with the last that is under way. */
  retire(): void {
    this.retired = true
    this.endWhenIdle()
  }

  async kill(): Promise<void> {
    this.child.kill()
    await this.child.exited
  }

  private endWhenIdle(): void {
    if (this.waiting.size === 0) this.child.kill()
  }
}

function settle(waiting: Map<number, Waiting>, report: Extract<ProcessReport, { call: number }>): void {
  const one = waiting.get(report.call)
  if ("failed" in report) one?.reject(new Error(report.failed))
  else one?.resolve(report.answer)
}
