// One Redis server as we use it: a connection for commands, one to hear with, and a pulse between them that finds out
// when either has gone deaf without a word.
import type { RedisOptions } from "ioredis"
import type { Argument, Connection, Reply } from "./connection.ts"
import { Ear } from "./ear.ts"
import { Line } from "./line.ts"
import type { Script } from "./script.ts"
import { RedisTrouble, replyCodeOf } from "./trouble.ts"

/** How often the pulse is sent, unless said otherwise. */
const standardPulseMs = 1000

/** A connection is cut after so many pulses without a sign of life: 3 s, longer than a busy server pauses for a fork or a big key. */
const silentPulsesMax = 3

interface RedisServerOptions {
  readonly redis: RedisOptions
  readonly where: string
  readonly inCluster: boolean
  /** Begins the name of the Redis channel of the pulse. */
  readonly prefix: string
  /** How often the pulse is sent, in milliseconds. Default 1000. */
  readonly pulseMs?: number | undefined
  /** It can be used, or no longer; called at every change and for every failed try. */
  readonly onChange: () => void
}

export class RedisServer {
  readonly ear: Ear
  private readonly commands: Line
  private readonly hearing: Line
  private readonly options: RedisServerOptions
  private readonly pulseName: string
  private readonly pulsing: ReturnType<typeof setInterval>
  private readonly pulseMs: number
  private beats = 0
  private lastTickMs = performance.now()
  private answeredMs = 0
  private heardMs = 0
  private hearsPulse = false
  /** What it was until it can be used again. */
  private lastTrouble: RedisTrouble

  constructor(options: RedisServerOptions) {
    const { redis, where, inCluster, onChange } = options
    this.options = options
    this.lastTrouble = new RedisTrouble(`${where} has not answered yet`, { passing: true })
    this.ear = new Ear(inCluster)
    this.pulseName = `${options.prefix}:pulse:${crypto.randomUUID()}`
    const line = { redis, where, inCluster }
    this.commands = new Line({
      ...line,
      onUp: () => {
        this.answeredMs = performance.now()
        this.beat()
        onChange()
      },
      onDown: (trouble) => this.goDown(trouble),
    })
    this.hearing = new Line({
      ...line,
      onUp: (connection) => this.beginToHear(connection),
      onDown: (trouble) => {
        this.hearsPulse = false
        this.ear.attach(null)
        this.goDown(trouble)
      },
    })
    this.pulseMs = options.pulseMs ?? standardPulseMs
    this.pulsing = setInterval(() => this.pulse(), this.pulseMs)
  }

  /** Whether commands are taken now. What is listened to may still be deaf. */
  get takesCommands(): boolean {
    return this.commands.connection !== null
  }

  /** Why it cannot be used; null when it can: it takes commands, and we hear what is published there. */
  get trouble(): RedisTrouble | null {
    if (this.commands.connection && this.hearsPulse) return null
    return this.commands.trouble ?? this.hearing.trouble ?? this.lastTrouble
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
    this.hearing.close()
  }

  private goDown(trouble: RedisTrouble): void {
    this.lastTrouble = trouble
    this.options.onChange()
  }

  private beginToHear(connection: Connection): void {
    this.heardMs = performance.now()
    connection.hear((name, payload) => {
      if (name === this.pulseName) this.pulseHeard()
      else this.ear.heard(name, payload)
    })
    connection.command("SUBSCRIBE", [this.pulseName]).then(
      // Not waiting for the next beat: the sooner it is heard, the sooner the node is ready.
      () => this.beat(),
      (error: unknown) => connection.end(error),
    )
    this.ear.attach(connection)
  }

  private pulseHeard(): void {
    this.heardMs = performance.now()
    if (this.hearsPulse) return
    this.hearsPulse = true
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
      this.heardMs = now
    }
    if (this.commands.connection && now - this.answeredMs > silenceMaxMs) this.commands.cut("no answer")
    if (this.hearing.connection && now - this.heardMs > silenceMaxMs) {
      // Without commands nobody has sent the pulse that was not heard.
      if (this.commands.connection) this.hearing.cut("no pulse")
      else this.heardMs = now
    }
    this.beat()
  }

  private beat(): void {
    const { connection } = this.commands
    if (!connection) return
    this.beats++
    // A classic channel, in a Cluster too: it is heard on the node it was published at.
    connection.command("PUBLISH", [this.pulseName, this.beats]).then(
      () => {
        this.answeredMs = performance.now()
      },
      () => {},
    )
  }
}
