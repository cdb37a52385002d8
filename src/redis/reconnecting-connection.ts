// Keeps a connection: opens one, and another when it ends, ever more patiently. Knows nothing of what it is used for.
import { type Backoff, halfToWholeMs } from "../../wire/backoff.ts"
import { Connection, type ConnectionOptions } from "./connection.ts"
import type { RedisTrouble } from "./redis-errors.ts"
import { redisErrorOf } from "./redis-errors.ts"

/** The first wait before another try; then twice as long each time, up to the longest. Half of it is chance. */
const backoff: Backoff = { minMs: 50, maxMs: 1000 }

interface ReconnectingConnectionOptions extends ConnectionOptions {
  readonly onUp: (connection: Connection) => void
  /** The connection ended, or none could be opened; called for every try. */
  readonly onDown: (trouble: RedisTrouble) => void
}

export class ReconnectingConnection {
  /** The connection, while there is one. */
  connection: Connection | null = null
  /** Why there is none; null while there is one, and before the first try was over. */
  trouble: RedisTrouble | null = null
  private readonly options: ReconnectingConnectionOptions
  private failures = 0
  private timer: ReturnType<typeof setTimeout> | null = null
  private closed = false

  constructor(options: ReconnectingConnectionOptions) {
    this.options = options
    void this.open()
  }

  /** Ends the connection, if there is one; another one follows. */
  cut(says: string): void {
    this.connection?.end(new Error(says))
  }

  close(): void {
    this.closed = true
    if (this.timer) clearTimeout(this.timer)
    this.connection?.end(new Error("closed"))
    this.connection = null
  }

  private async open(): Promise<void> {
    const { onUp, onDown, ...options } = this.options
    const startedAt = performance.now()
    try {
      const connection = await Connection.open(options)
      if (this.closed) return connection.end(new Error("closed"))
      this.connection = connection
      this.trouble = null
      this.failures = 0
      onUp(connection)
      connection.whenEnded((error) => {
        if (this.closed) return
        this.connection = null
        this.fail(error)
      })
    } catch (error) {
      if (this.closed) return
      // A refusal comes at once, a silence took its time already.
      if (performance.now() - startedAt > backoff.maxMs) this.failures = 0
      this.fail(error)
    }
  }

  private fail(error: unknown): void {
    this.trouble = redisErrorOf(error, this.options.where)
    this.failures++
    this.timer = setTimeout(() => void this.open(), halfToWholeMs(backoff, this.failures, Math.random))
    this.options.onDown(this.trouble)
  }
}
