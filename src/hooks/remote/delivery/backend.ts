// One backend: whether it wants to be called, how much it can take, what it last got wrong. Every request to it passes here.
import { sign, signatureHeader } from "../../signature.ts"
import type {
  Answer,
  AskEvent,
  Delivery,
  Dialect,
  HookConfig,
  HookKind,
  HttpSend,
  NotificationEvent,
} from "../remote.ts"
import { BackendFailure, Refusal } from "./backend-failure.ts"
import { CircuitBreaker } from "./circuit-breaker.ts"
import { ConcurrencyLimiter } from "./concurrency-limiter.ts"
import type { Sender } from "./fair-queue.ts"
import { Handshakes } from "./handshakes.ts"

/** Errors kept for whoever looks, the newest last. */
const errorsKept = 20

/** What went wrong, for the operator. */
export interface HookError {
  /** Milliseconds since 1970. */
  readonly time: number
  readonly kind: HookKind
  /** The event's id, which names the connection. */
  readonly id: string
  readonly says: string
}

interface Attempt {
  readonly startedMs: number
  /** Whose request it is: a sender's, or a notification by itself. */
  readonly caller: string
}

interface BackendOptions {
  readonly hook: HookConfig
  readonly dialect: Dialect
  readonly send: HttpSend
  readonly onFailure: (hook: HookConfig, error: HookError) => void
  /** Milliseconds since 1970. Where it is given, what takes a while is measured by it too. */
  readonly now?: () => number
  readonly chance?: () => number
}

export class Backend {
  readonly hook: HookConfig
  readonly dialect: Dialect
  readonly concurrency: ConcurrencyLimiter
  readonly circuit: CircuitBreaker
  readonly errors: HookError[] = []
  asked = 0
  told = 0
  refused = 0
  failed = 0
  private readonly options: BackendOptions
  private readonly handshakes: Handshakes
  private readonly now: () => number
  private readonly monotonic: () => number
  /** When the youngest request began that was answered well. */
  private answeredStartMs = Number.NEGATIVE_INFINITY

  constructor(options: BackendOptions) {
    const { hook, send, now = Date.now, chance = Math.random } = options
    this.options = options
    this.hook = hook
    this.dialect = options.dialect
    this.now = now
    this.monotonic = options.now ?? (() => performance.now())
    const clock = { now: this.monotonic }
    this.concurrency = new ConcurrencyLimiter({ max: hook.concurrencyMax, ...clock })
    this.circuit = new CircuitBreaker({ ...clock, chance })
    this.handshakes = new Handshakes({ hook, send, ...clock })
  }

  /** Asks in the turn of its sender. Throws `Refusal`, and `BackendFailure`. */
  async ask(delivery: Delivery<AskEvent>, sender: Sender): Promise<Answer> {
    const { timeoutMs } = this.hook
    try {
      if (this.circuit.state === "open") throw this.circuitOpen()
      const startedMs = await this.concurrency.takeForAsk(sender, timeoutMs)
      if (!this.circuit.admit()) {
        this.concurrency.release(startedMs, "unknown")
        throw this.circuitOpen()
      }
      this.asked++
      return await this.attempt(delivery, { startedMs, caller: sender })
    } catch (error) {
      this.note(delivery, error)
      throw error
    }
  }

  /** Whether a notification may go now. Then one has to. */
  mayNotify(): boolean {
    return this.concurrency.hasRoom && this.circuit.admit()
  }

  /** Throws `BackendFailure`. */
  async notify(delivery: Delivery<NotificationEvent>): Promise<void> {
    const startedMs = this.concurrency.take()
    try {
      await this.attempt(delivery, { startedMs, caller: delivery.id })
      this.told++
    } catch (error) {
      this.note(delivery, error)
      throw error
    }
  }

  private async attempt(delivery: Delivery, { startedMs, caller }: Attempt): Promise<Answer> {
    const { hook, dialect, circuit, concurrency } = this
    let outcome: "well" | "strained" | "unknown" = "unknown"
    try {
      const url = hook.urls[delivery.event.kind] as string
      if (dialect.handshakes && hook.handshake) await this.handshakes.ensure(url)
      const { headers, body } = dialect.write(delivery, hook)
      const response = await this.options.send({
        method: "POST",
        url,
        headers: this.signed(headers, body),
        body,
        timeoutMs: hook.timeoutMs,
        privateAddresses: hook.privateAddresses,
      })
      // Half of its time is so near the end of it that more at once would reach it.
      outcome = this.monotonic() - startedMs > hook.timeoutMs / 2 ? "strained" : "well"
      if (outcome === "well") this.answeredStartMs = Math.max(this.answeredStartMs, startedMs)
      const answer = dialect.read(delivery, response)
      circuit.recordSuccess()
      return answer
    } catch (error) {
      const isLate = error instanceof BackendFailure && error.because === "timeout"
      if (isLate && startedMs < this.answeredStartMs) {
        // What began after it was answered: the backend is well, and fails at this one.
        circuit.recordNothing()
      } else if (error instanceof BackendFailure && error.strained) {
        outcome = "strained"
        // Those that wait would wait in vain.
        if (circuit.recordFailure(isLate ? caller : undefined)) concurrency.giveUpAll()
      } else if (error instanceof Refusal || (error instanceof BackendFailure && error.sent)) {
        circuit.recordSuccess()
      } else {
        circuit.recordNothing()
      }
      throw error
    } finally {
      concurrency.release(startedMs, outcome)
    }
  }

  private signed(
    headers: Readonly<Record<string, string>>,
    body: string | Uint8Array,
  ): Record<string, string> {
    const { secrets, origin } = this.hook
    return {
      ...headers,
      ...(this.dialect.handshakes && { "webhook-request-origin": origin }),
      ...(secrets.length > 0 && { [signatureHeader]: sign({ headers, body }, secrets, this.now()) }),
    }
  }

  private circuitOpen(): BackendFailure {
    return new BackendFailure("The backend has not answered lately; it is not asked until it does again.", {
      because: "circuit",
      sent: false,
      strained: false,
      retryAfterSeconds: Math.max(1, Math.ceil(this.circuit.msUntilTry / 1000)),
    })
  }

  private note({ event, id }: Delivery, error: unknown): void {
    if (error instanceof Refusal) {
      this.refused++
      return
    }
    this.failed++
    // What an open circuit turned away says nothing new, and would push out what says why.
    if (error instanceof BackendFailure && error.because === "circuit") return
    const says = error instanceof Error ? error.message : String(error)
    const noted: HookError = { time: this.now(), kind: event.kind, id, says }
    this.errors.push(noted)
    if (this.errors.length > errorsKept) this.errors.shift()
    this.options.onFailure(this.hook, noted)
  }
}
