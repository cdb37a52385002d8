// What is listened to on one Redis: the Redis channels we want, subscribed in few commands, again after each lost
// connection. Tells each subscriber from when on it misses nothing, so that it can look up what came before.
//
// No more is asked at once than is answered in an instant. A quarter of a million names in one go keep the connection so
// busy that its pulse is not answered, and it is cut, and begins anew, for ever.
import type { Connection } from "./connection.ts"

/** Who is told what is published to a Redis channel. */
export interface RedisSubscriber<Payload = Buffer> {
  received(payload: Payload): void
  /** From now on everything is received; what came before may have been missed. Called again after every interruption. */
  subscribed(): void
}

/** Names in one command: 500 names of 100 bytes fit into one read of the server. */
const namesPerCommand = 500

/** Commands that wait for their answer. One is on its way while the other is answered. */
const commandsUnderWayMax = 2

/** Names looked at in one go: in a Cluster they become a command for each hash slot among them. */
const namesGathered = 2000

interface Wanted {
  readonly subscriber: RedisSubscriber
  /** The connection that the server was asked on. Not the one that is open now: it is to be asked again. */
  askedOn: Connection | null
}

export class RedisSubscriptions {
  private readonly wanted = new Map<string, Wanted>()
  /** Names to ask for or to give up, in the next turn. Before those that are asked for again: somebody waits for them. */
  private readonly changed = new Set<string>()
  /** Names to ask for again on a new connection. */
  private again: Iterator<string> | null = null
  /** The next commands. */
  private ready: (readonly string[])[] = []
  private underWay = 0
  private connection: Connection | null = null
  private armed = false
  private readonly sharded: boolean

  constructor(sharded: boolean) {
    this.sharded = sharded
  }

  /** One subscriber a name. */
  add(name: string, subscriber: RedisSubscriber): void {
    this.wanted.set(name, { subscriber, askedOn: null })
    // One that was given up a moment ago may still be subscribed; asking again does no harm, and its answer tells when.
    this.change(name)
  }

  remove(name: string): void {
    const known = this.wanted.get(name)
    if (!known) return
    this.wanted.delete(name)
    if (known.askedOn) this.change(name)
  }

  /** The connection to subscribe on from now on; null when there is none. */
  attach(connection: Connection | null): void {
    this.connection = connection
    this.changed.clear()
    this.ready = []
    this.underWay = 0
    this.again = this.wanted.keys()
    this.flush()
  }

  /** Something was published to one of the names. */
  dispatch(name: string, payload: Buffer): void {
    this.wanted.get(name)?.subscriber.received(payload)
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
    while (connection && this.underWay < commandsUnderWayMax) {
      const names = this.next()
      if (!names) return
      void this.send(names, connection)
    }
  }

  /** The names of the next command, all of one hash slot in a Cluster; null when there is nothing to say. */
  private next(): readonly string[] | null {
    while (this.ready.length === 0) {
      const names = this.gather()
      if (names.length === 0) return null
      this.ready = this.inCommands(names)
    }
    return this.ready.shift() as readonly string[]
  }

  private gather(): string[] {
    const names: string[] = []
    for (const name of this.changed) {
      if (names.length === namesGathered) return names
      this.changed.delete(name)
      names.push(name)
    }
    while (this.again && names.length < namesGathered) {
      const { done, value } = this.again.next()
      if (done) this.again = null
      else if (this.wanted.get(value)?.askedOn !== this.connection) names.push(value)
    }
    return names
  }

  private async send(names: readonly string[], connection: Connection): Promise<void> {
    const lost = names.filter((name) => !this.wanted.has(name))
    const found = names.filter((name) => {
      const known = this.wanted.get(name)
      if (!known || known.askedOn === connection) return false
      known.askedOn = connection
      return true
    })
    this.underWay++
    try {
      // Both at once: who is removed meanwhile must be given up after it was asked for, not before.
      await Promise.all([
        lost.length > 0 && connection.command(this.sharded ? "SUNSUBSCRIBE" : "UNSUBSCRIBE", lost),
        found.length > 0 && connection.command(this.sharded ? "SSUBSCRIBE" : "SUBSCRIBE", found),
      ])
    } catch (error) {
      // A connection that refuses is of no use; the next one asks again.
      return connection.end(error)
    }
    if (this.connection !== connection) return
    this.underWay--
    for (const name of found) this.wanted.get(name)?.subscriber.subscribed()
    this.flush()
  }

  /** Pieces of a list, each fit for one command. In a Cluster a command names one hash slot only. */
  private inCommands(names: readonly string[]): string[][] {
    const byTag = new Map<string, string[]>()
    for (const name of names) {
      const tag = this.sharded ? tagIn(name) : ""
      const some = byTag.get(tag)
      if (some) some.push(name)
      else byTag.set(tag, [name])
    }
    const commands: string[][] = []
    for (const some of byTag.values())
      for (let at = 0; at < some.length; at += namesPerCommand)
        commands.push(some.slice(at, at + namesPerCommand))
    return commands
  }
}

/** What stands between the braces: all that decides which node holds a name. */
const tagIn = (name: string): string => /\{(.*?)\}/.exec(name)?.[1] ?? name
