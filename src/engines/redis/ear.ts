// What is listened to on one Redis: the Redis channels we want, subscribed in few commands, again after each lost
// connection. Tells each listener from when on it hears, so that it can look up what came before.
import type { Connection } from "./connection.ts"

/** Who listens to a Redis channel. */
export interface RedisListener {
  heard(payload: Buffer): void
  /** From now on everything is heard; what came before may have been missed. Called again after every interruption. */
  joined(): void
}

/** Names in one command: 500 names of 100 bytes fit into one read of the server. */
const namesPerCommand = 500

interface Wanted {
  readonly listener: RedisListener
  /** Whether the server was asked, on the connection that is open now. */
  asked: boolean
}

export class Ear {
  private readonly wanted = new Map<string, Wanted>()
  /** Names to ask for or to give up, in the next turn. */
  private changed = new Set<string>()
  private connection: Connection | null = null
  private armed = false
  private readonly sharded: boolean

  constructor(sharded: boolean) {
    this.sharded = sharded
  }

  get size(): number {
    return this.wanted.size
  }

  /** One listener a name. */
  add(name: string, listener: RedisListener): void {
    this.wanted.set(name, { listener, asked: false })
    // One that was given up a moment ago may still be subscribed; asking again does no harm, and its answer tells when.
    this.change(name)
  }

  remove(name: string): void {
    const known = this.wanted.get(name)
    if (!known) return
    this.wanted.delete(name)
    if (known.asked) this.change(name)
  }

  /** The connection to hear with from now on; null when there is none. */
  attach(connection: Connection | null): void {
    this.connection = connection
    this.changed.clear()
    for (const [name, known] of this.wanted) {
      known.asked = false
      this.changed.add(name)
    }
    this.flush()
  }

  /** Something was published to one of the names. */
  heard(name: string, payload: Buffer): void {
    this.wanted.get(name)?.listener.heard(payload)
  }

  private change(name: string): void {
    this.changed.add(name)
    if (this.armed) return
    this.armed = true
    setImmediate(() => {
      this.armed = false
      this.flush()
    })
  }

  private flush(): void {
    const { connection } = this
    if (!connection) return
    const names = [...this.changed]
    this.changed.clear()
    const lost = names.filter((name) => !this.wanted.has(name))
    const found = names.filter((name) => this.wanted.get(name)?.asked === false)
    for (const some of this.inCommands(lost)) {
      connection.command(this.sharded ? "SUNSUBSCRIBE" : "UNSUBSCRIBE", some).catch(() => {})
    }
    for (const some of this.inCommands(found)) {
      for (const name of some) (this.wanted.get(name) as Wanted).asked = true
      connection.command(this.sharded ? "SSUBSCRIBE" : "SUBSCRIBE", some).then(
        () => this.tellJoined(some, connection),
        // A connection that refuses is of no use; the next one asks again.
        (error: unknown) => connection.end(error),
      )
    }
  }

  private tellJoined(names: readonly string[], connection: Connection | null): void {
    if (connection === null || this.connection !== connection) return
    for (const name of names) this.wanted.get(name)?.listener.joined()
  }

  /** Pieces of a list, each fit for one command. In a Cluster a command names one hash slot only. */
  private *inCommands(names: readonly string[]): Generator<string[]> {
    const byTag = new Map<string, string[]>()
    for (const name of names) {
      const tag = this.sharded ? tagIn(name) : ""
      const some = byTag.get(tag)
      if (some) some.push(name)
      else byTag.set(tag, [name])
    }
    for (const some of byTag.values())
      for (let at = 0; at < some.length; at += namesPerCommand) yield some.slice(at, at + namesPerCommand)
  }
}

/** What stands between the braces: all that decides which node holds a name. */
const tagIn = (name: string): string => /\{(.*?)\}/.exec(name)?.[1] ?? name
