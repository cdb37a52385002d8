// Keeps the functions of a folder running: a change starts a new process beside the old one, which takes over once it is ready.
// Files with mistakes change nothing.
import { type FSWatcher, watch } from "node:fs"
import type { HookKind } from "../../hooks/remote/remote.ts"
import { FunctionProcess } from "./function-process.ts"
import type { LabaAddress } from "./laba-api.ts"
import type { ServedFile } from "./process-messages.ts"

/** An editor writes a file in several steps. */
const settleMs = 50

interface FunctionRunnerOptions {
  /** Absolute. */
  readonly folder: string
  /** A file of SQLite, or `:memory:`. */
  readonly database: string
  readonly onReload: (files: readonly ServedFile[]) => void
  readonly onBroken: (error: Error) => void
}

export class FunctionRunner {
  private readonly options: FunctionRunnerOptions
  private readonly watcher: FSWatcher
  private current: FunctionProcess
  private laba: LabaAddress | null = null
  private due: ReturnType<typeof setTimeout> | null = null
  private loading: Promise<void> = Promise.resolve()
  private stopped = false

  private constructor(options: FunctionRunnerOptions, first: FunctionProcess) {
    this.options = options
    this.current = first
    this.watcher = watch(options.folder, { recursive: true }, (_, name) => {
      if (name !== null && !/\.(?:ts|js|mjs|json)$/.test(name)) return
      if (this.due) clearTimeout(this.due)
      this.due = setTimeout(() => {
        this.loading = this.loading.then(() => this.reload())
      }, settleMs)
    })
  }

  /** Throws what is wrong with the files. */
  static async start(options: FunctionRunnerOptions): Promise<FunctionRunner> {
    return new FunctionRunner(options, await FunctionProcess.start(options.folder, options.database))
  }

  get files(): readonly ServedFile[] {
    return [...this.current.files.values()]
  }

  /** Where functions find Laba. */
  useLaba(laba: LabaAddress): void {
    this.laba = laba
    this.current.tell(laba)
  }

  /** Null when the file exports no such function. Throws what it throws. */
  call(file: string, kind: HookKind, event: unknown): Promise<unknown> | null {
    const served = this.current.files.get(file)
    return served?.kinds.includes(kind) ? this.current.call(file, kind, event) : null
  }

  async stop(): Promise<void> {
    this.stopped = true
    if (this.due) clearTimeout(this.due)
    this.watcher.close()
    await this.loading
    await this.current.kill()
  }

  private async reload(): Promise<void> {
    if (this.stopped) return
    const { folder, database, onReload, onBroken } = this.options
    try {
      const next = await FunctionProcess.start(folder, database)
      if (this.laba) next.tell(this.laba)
      const before = this.current
      this.current = next
      before.retire()
      onReload(this.files)
    } catch (error) {
      onBroken(error as Error)
    }
  }
}
