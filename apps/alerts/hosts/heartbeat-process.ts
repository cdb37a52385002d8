// Keeps the log server: a real process, that can be killed without a word and started again.
import type { LabaAccess } from "../../kit/laba/laba-calls.ts"
import { startChild } from "./child.ts"

interface HeartbeatOptions {
  readonly host: string
  readonly everySeconds: number
  readonly silentSeconds: number
}

export class HeartbeatProcess {
  readonly options: HeartbeatOptions
  private readonly access: LabaAccess
  private child: Bun.Subprocess | null = null

  constructor(access: LabaAccess, options: HeartbeatOptions) {
    this.access = access
    this.options = options
  }

  get pid(): number | null {
    return this.child?.pid ?? null
  }

  /** Harmless when it lives. */
  revive(): void {
    if (this.child) return
    const { host, everySeconds } = this.options
    const child = startChild({
      program: "log-server.ts",
      access: this.access,
      programArguments: [host, String(everySeconds * 1000)],
    })
    this.child = child
    void child.exited.then(() => {
      if (this.child === child) this.child = null
    })
  }

  /** `kill -9`: it says goodbye to nobody. Resolves when it is gone. */
  async kill(): Promise<void> {
    const { child } = this
    this.child = null
    child?.kill("SIGKILL")
    await child?.exited
  }
}
