// Pulls messages of a consumer: one request at a time, for no more than may wait here. Says when JetStream, or the consumer, is
// gone.
import type { Msg, NatsConnection, Subscription } from "@nats-io/transport-node"

/** How long a request waits at the server before another follows. */
const expiresMs = 20_000

/** How often the server says that a request still waits. */
const heartbeatMs = 2000

/** Without a word for so long the server has forgotten our request. */
const silentMsMax = 3 * heartbeatMs

/** Ends of a request that are none of anybody's fault: it expired, or was answered in full. */
const usualEnds =
  /^(?:408|404)$|Batch Completed|Message Size Exceeds MaxBytes|Leadership Change|Server Shutdown/i

interface PulledMessagesOptions {
  readonly connection: NatsConnection
  /** Where to ask, as `$JS.API.CONSUMER.MSG.NEXT.orders.laba`. */
  readonly subject: string
  readonly inFlight: { readonly messages: number; readonly bytes: number }
}

export class PulledMessages {
  private readonly options: PulledMessagesOptions
  private readonly inbox: string
  private readonly subscription: Subscription
  private arrived: Msg[] = []
  /** Messages that the request under way may still bring; 0: there is none. */
  private due = 0
  private tooLarge = false
  private heardMs = performance.now()
  private error: Error | null = null
  private woken = Promise.withResolvers<void>()
  private readonly watch: ReturnType<typeof setInterval>

  constructor(options: PulledMessagesOptions) {
    this.options = options
    this.inbox = `_INBOX.${crypto.randomUUID().replaceAll("-", "")}`
    this.subscription = options.connection.subscribe(this.inbox, {
      callback: (error, message) => (error ? this.fail(error.message) : this.take(message)),
    })
    this.watch = setInterval(() => {
      if (this.due > 0 && performance.now() - this.heardMs > silentMsMax) this.fail("it does not answer")
    }, heartbeatMs)
    void options.connection.closed().then((error) => this.fail(error?.message ?? "the connection was lost"))
  }

  /** Those that have come, at least one; none after `wake`. Throws when no more will. */
  async next(): Promise<readonly Msg[]> {
    if (this.arrived.length === 0) {
      if (this.error) throw this.error
      if (this.due === 0) this.request()
      await this.woken.promise
    }
    const taken = this.arrived
    this.arrived = []
    if (taken.length === 0 && this.error) throw this.error
    return taken
  }

  /** Lets `next` answer. */
  wake(): void {
    this.woken.resolve()
    this.woken = Promise.withResolvers()
  }

  stop(): void {
    clearInterval(this.watch)
    this.subscription.unsubscribe()
    this.fail("it was stopped")
  }

  private request(): void {
    const { connection, subject, inFlight } = this.options
    // One message that is larger than all that may wait is read alone.
    const bounds = this.tooLarge ? { batch: 1 } : { batch: inFlight.messages, max_bytes: inFlight.bytes }
    this.tooLarge = false
    this.due = bounds.batch
    this.heardMs = performance.now()
    const asked = { ...bounds, expires: expiresMs * 1e6, idle_heartbeat: heartbeatMs * 1e6 }
    try {
      connection.publish(subject, JSON.stringify(asked), { reply: this.inbox })
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error))
    }
  }

  private take(message: Msg): void {
    this.heardMs = performance.now()
    if (message.subject !== this.inbox) {
      if (this.due > 0) this.due--
      this.arrived.push(message)
      // Those of one turn are handed over at once.
      if (this.arrived.length === 1) setImmediate(() => this.wake())
      return
    }
    const code = message.headers?.code ?? 0
    const says = message.headers?.description ?? ""
    if (code === 100) return
    if (!usualEnds.test(String(code)) && !usualEnds.test(says)) return this.fail(`${says} (${code})`)
    if (/MaxBytes/i.test(says) && this.arrived.length === 0 && this.due === this.options.inFlight.messages)
      this.tooLarge = true
    this.due = 0
    this.wake()
  }

  private fail(reason: string): void {
    this.error ??= new Error(reason)
    this.wake()
  }
}
