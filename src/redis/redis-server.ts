// One Redis server as we use it: a connection for commands, one for subscriptions, and a pulse between them that finds out
// when either has stopped working without a word.
import type { RedisOptions } from "ioredis"
import type { Argument, Connection, Reply } from "./connection.ts"
import { RedisSubscriptions } from "./redis-subscriptions.ts"
import { ReconnectingConnection } from "./reconnecting-connection.ts"
import type { Script } from "./script.ts"
import { RedisTrouble, replyCodeOf } from "./redis-errors.ts"

/** How often the pulse is sent, unless said otherwise. */
const standardPulseMs = 1000

/** A connection is cut after so many pulses without a sign of life: 3 s, longer than a busy server pauses for a fork or a big key. */
const silentPulsesMax = 3

interface RedisServerOptions {
  readonly redis: RedisOptions
  readonly where: string
  readonly inCluster: boolean
  /** As of a connection. */
  readonly mayEvict?: boolean | undefined
  /** Begins the name of the Redis channel of the pulse. */
  readonly prefix: string
  /** How often the pulse is sent, in milliseconds. Default 1000. */
  readonly pulseMs?: number | undefined
  /** It can be used, or no longer; called at every change and for every failed try. */
  readonly onChange: () => void
}

export class RedisServer {
  readonly subscriptions: RedisSubscriptions
  private readonly commands: ReconnectingConnection
  private readonly subscriber: ReconnectingConnection
  private readonly options: RedisServerOptions
  private readonly pulseName: string
  private readonly pulsing: ReturnType<typeof setInterval>
  private readonly pulseMs: number
  private beats = 0
  private lastTickMs = performance.now()
  private answeredMs = 0
  private pulseSeenMs = 0
  private seesPulse = false
  /** What it was until it can be used again. */
  private lastTrouble: RedisTrouble

  constructor(options: RedisServerOptions) {
    const { redis, where, inCluster, mayEvict, onChange } = options
    this.options = options
    this.lastTrouble = new RedisTrouble(`${where} has not answered yet`, { passing: true })
    this.subscriptions = new RedisSubscriptions(inCluster)
    this.pulseName = `${options.prefix}:pulse:${crypto.randomUUID()}`
    const connection = { redis, where, inCluster, mayEvict }
    this.commands = new ReconnectingConnection({
      ...connection,
      onUp: () => {
        this.answeredMs = performance.now()
        this.beat()
        onChange()
      },
      onDown: (trouble) => this.goDown(trouble),
    })
    this.subscriber = new ReconnectingConnection({
      ...connection,
      onUp: (connection) => this.beginSubscribing(connection),
      onDown: (trouble) => {
        this.seesPulse = false
        this.subscriptions.attach(null)
        this.goDown(trouble)
      },
    })
    this.pulseMs = options.pulseMs ?? standardPulseMs
    this.pulsing = setInterval(() => this.pulse(), this.pulseMs)
  }

  /** Whether commands are taken now. Subscriptions may still be down. */
  get takesCommands(): boolean {
    return this.commands.connection !== null
  }

  /** Why it cannot be used; null when it can: it takes commands, and what is published there reaches us. */
  get trouble(): RedisTrouble | null {
    if (this.commands.connection && this.seesPulse) return null
    return this.commands.trouble ?? this.subscriber.trouble ?? this.lastTrouble
  }

  /** Sends a command. Throws what Redis says, or at once when there is no connection. */
  async command(name: string, args: readonly Argument[]): Promise<Reply> {
    const { connection, trouble } = this.commands
    if (!connection) throw trouble ?? this.lastTrouble
    return connection.command(name, args)
  }

  /** Runs a script by its digest, handing over its source where the server has not seen it. */
  async run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<Reply> {
    const rest = [keys.length, ...keys, ...args]
    try {
      return await this.command("EVALSHA", [script.sha, ...rest])
    } catch (error) {
      if (replyCodeOf(error) !== "NOSCRIPT") throw error
      return this.command("EVAL", [script.lua, ...rest])
    }
  }

  close(): void {
    clearInterval(this.pulsing)
    this.commands.close()
    this.subscriber.close()
  }

  private goDown(trouble: RedisTrouble): void {
    this.lastTrouble = trouble
    this.options.onChange()
  }

  private beginSubscribing(connection: Connection): void {
    this.pulseSeenMs = performance.now()
    connection.onPublished((name, payload) => {
      if (name === this.pulseName) this.pulseSeen()
      else this.subscriptions.dispatch(name, payload)
    })
    connection.command("SUBSCRIBE", [this.pulseName]).then(
      // Not waiting for the next beat: the sooner it comes back, the sooner the node is ready.
      () => this.beat(),
      (error: unknown) => connection.end(error),
    )
    this.subscriptions.attach(connection)
  }

  private pulseSeen(): void {
    this.pulseSeenMs = performance.now()
    if (this.seesPulse) return
    this.seesPulse = true
    this.options.onChange()
  }

  private pulse(): void {
    const now = performance.now()
    const stalled = now - this.lastTickMs > this.pulseMs * 2
    this.lastTickMs = now
    const silenceMaxMs = this.pulseMs * silentPulsesMax
    // This process stood still, and what came meanwhile has not been read: its silence is ours.
    if (stalled) {
      this.answeredMs = now
      this.pulseSeenMs = now
    }
    if (this.commands.connection && now - this.answeredMs > silenceMaxMs) this.commands.cut("no answer")
    if (this.subscriber.connection && now - this.pulseSeenMs > silenceMaxMs) {
      // Without commands nobody has sent the pulse that did not come.
      if (this.commands.connection) this.subscriber.cut("no pulse")
      else this.pulseSeenMs = now
    }
    this.beat()
  }

  private beat(): void {
    const { connection } = this.commands
    if (!connection) return
    this.beats++
    // A classic channel, in a Cluster too: it arrives only at the node it was published at.
    connection.command("PUBLISH", [this.pulseName, this.beats]).then(
      () => {
        this.answeredMs = performance.now()
      },
      () => {},
    )
  }
}
