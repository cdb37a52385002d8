// What an operator can do to try a sale out: send a crowd, make the payment provider's callbacks travel badly, let the
// process die. A shop that earns money runs without it.
import { join } from "node:path"
import { signatureHeader } from "../payments/http-provider.ts"
import { signatureOf } from "../payments/signed-body.ts"
import type { Weather } from "./simulated-trades.ts"
import { type CrowdProgress, type CrowdSettings, crowdProgressSchema } from "./crowd-settings.ts"

interface DemoToolsOptions {
  /** Where the shop is reached from this machine. */
  readonly url: string
  readonly operatorKey: string
  /** The payment provider; where it is the simulator it has a weather. */
  readonly payments: { readonly url: string; readonly secret: string }
  readonly log: (line: string) => void
}

/** A crowd tells of itself each second, and gives up on a shop that is away for twenty. */
const silentMsMax = 25_000

/** The answer is on its way by then. */
const lastWordMs = 50

export class DemoTools {
  private readonly options: DemoToolsOptions
  private told: CrowdProgress | null = null
  /** When this process began, milliseconds since 1970: who looks again sees by it that it is another one. */
  readonly bornAt = Date.now()
  private crowd: Bun.Subprocess | null = null

  constructor(options: DemoToolsOptions) {
    this.options = options
  }

  /** Sends buyers through the same door as everybody. False while a crowd is still on its way. */
  send(sale: string, settings: CrowdSettings): boolean {
    if (this.crowd || this.isBusy()) return false
    const { url, operatorKey, log } = this.options
    this.told = null
    // A process of its own: it lives on, and tries again, when this one is killed meanwhile.
    const crowd = Bun.spawn(
      [process.execPath, join(import.meta.dir, "crowd.ts"), url, sale, JSON.stringify(settings)],
      {
        stdio: ["ignore", "ignore", "inherit"],
        env: { PATH: process.env["PATH"] ?? "", FLASH_SALE_OPERATOR_KEY: operatorKey },
      },
    )
    this.crowd = crowd
    void crowd.exited.then((code) => {
      this.crowd = null
      if (code === 0) return
      log(`flash sale: the crowd ended with ${crowd.signalCode ?? code}`)
      if (this.told) this.told = { ...this.told, brokeOff: true }
    })
    return true
  }

  /** Whether the shop has a sale of this name. */
  async hasSale(sale: string): Promise<boolean> {
    const answer = await fetch(`${this.options.url}/api/sales/${encodeURIComponent(sale)}`)
    await answer.body?.cancel()
    return answer.ok
  }

  /** What the last crowd has told of itself; null before the first. */
  get progress(): CrowdProgress | null {
    const { told } = this
    const isSilent = told !== null && !told.done && Date.now() - (told.heardAt ?? 0) > silentMsMax
    return isSilent ? { ...told, brokeOff: true } : told
  }

  /** Takes what a crowd tells of itself. False when it is not understood. */
  note(body: unknown): boolean {
    const given = crowdProgressSchema.safeParse(body)
    if (given.success) this.told = { ...given.data, heardAt: Date.now() }
    return given.success
  }

  /** How callbacks travel now, after a change. Null where the provider is not the simulator, or does not answer. */
  async weather(change: Partial<Weather>): Promise<Weather | null> {
    const { url, secret } = this.options.payments
    const body = JSON.stringify(change)
    const answer = await fetch(`${url.replace(/\/+$/, "")}/weather`, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        [signatureHeader]: signatureOf(secret, Date.now(), body),
      },
      body,
      signal: AbortSignal.timeout(3000),
    }).catch(() => null)
    return answer?.ok ? ((await answer.json()) as Weather) : null
  }

  /** `kill -9`, to oneself. Whoever supervises this process starts it again. */
  die(): void {
    setTimeout(() => process.kill(process.pid, "SIGKILL"), lastWordMs)
  }

  stop(): void {
    this.crowd?.kill()
  }

  /** A crowd that the process before this one has sent, and that still tells of itself. */
  private isBusy(): boolean {
    const { progress } = this
    return progress !== null && !progress.done && progress.brokeOff !== true
  }
}
