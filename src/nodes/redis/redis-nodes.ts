// A node among others, joined by a Redis: the registry says who is there, the directory who is on whom, the inbox carries
// orders. Each is a file of its own; here they are put together.
import type { Link } from "../../engines/redis/link.ts"
import { carryOut, noSuchNode } from "../lone-node.ts"
import type { ClockReading } from "../clock-offset.ts"
import type { Answered, Asked, NodeEntry, Nodes, OrderName, Orders, Revocation } from "../nodes.ts"
import { Directory } from "./directory.ts"
import { Inbox } from "./inbox.ts"
import { Registry } from "./registry.ts"
import { Revoked } from "./revoked.ts"

/** Who wants to know of the coming and going of nodes. */
interface NodesEar {
  came(run: string): void
  gone(run: string): void
  /** The others may have forgotten what this node has said. */
  forgotten(): void
  /** The lease was renewed, and all is well. */
  renewed(): void
}

interface RedisNodesOptions {
  readonly link: Link
  readonly leaseMs: number
  readonly entry: () => NodeEntry
  readonly orders: Orders
  readonly connectionsOf: (user: string) => number
  readonly users: () => Iterable<string>
  readonly lifetimeMaxMs: () => number
  /** Makes a revocation hold on this node. */
  readonly takeRevocation: (revocation: Revocation) => void
  /** All that hold on this node. */
  readonly revocations: () => Iterable<Revocation>
  readonly ear: NodesEar
  /** This node's clock beside that of Redis. */
  readonly onClock: (reading: ClockReading) => void
}

export class RedisNodes implements Nodes {
  readonly self: string
  private readonly options: RedisNodesOptions
  private readonly registry: Registry
  private readonly inbox: Inbox
  private readonly directory: Directory
  private readonly revoked: Revoked
  private readonly unwatch: () => void
  private wasAway = false

  constructor(options: RedisNodesOptions) {
    const { link, leaseMs, entry, orders, ear, lifetimeMaxMs, connectionsOf, users, onClock } = options
    this.options = options
    const self = entry().run
    this.self = self
    this.inbox = new Inbox({ link, self, orders, isAlive: (run) => this.registry.hasLease(run) })
    const usersCount = (): number => entry().load.users
    this.directory = new Directory({ link, self, countOf: connectionsOf, users, usersCount })
    const { takeRevocation, revocations } = options
    this.revoked = new Revoked({ link, lifetimeMaxMs, take: takeRevocation, held: revocations })
    this.registry = new Registry({
      link,
      leaseMs,
      entry,
      onClock,
      onCame: (run) => ear.came(run),
      onGone: (run) => {
        this.inbox.endSilence(run)
        ear.gone(run)
      },
      onRenewed: (held) => {
        this.revoked.mend()
        if (!held) return this.forgotten()
        this.directory.renewed(true)
        ear.renewed()
      },
    })
    this.unwatch = link.watch(() => this.linkChanged())
  }

  get list(): readonly NodeEntry[] {
    return this.registry.list
  }

  /** The runs of the others. */
  get others(): readonly string[] {
    return this.registry.others
  }

  /** Takes the lease, so that the node is known before anybody is let in. */
  async begin(): Promise<void> {
    await this.registry.begin()
  }

  /** A connection of the user came or went. */
  userChanged(user: string): void {
    this.directory.touch(user)
  }

  async nodesOf(user: string): Promise<readonly string[]> {
    const others = await this.directory.nodesOf(user, this.registry.others)
    return this.options.connectionsOf(user) > 0 ? [this.self, ...others] : others
  }

  async ask<Name extends OrderName>(
    run: string,
    name: Name,
    asked: Asked<Name>,
    waitMs?: number,
  ): Promise<Answered<Name>> {
    if (run === this.self) return carryOut(this.options.orders, name, asked)
    if (!(await this.registry.knows(run))) throw noSuchNode()
    return this.inbox.ask(run, name, asked, waitMs)
  }

  revoke(revocation: Revocation): Promise<void> {
    return this.revoked.add(revocation)
  }

  async stop(): Promise<void> {
    this.unwatch()
    await this.registry.leave()
    await this.directory.stop()
    this.inbox.stop()
    this.revoked.stop()
  }

  /** A Redis that comes back may be another, or have lost what was written last. */
  private linkChanged(): void {
    if (this.options.link.trouble) {
      this.wasAway = true
      return
    }
    if (!this.wasAway) return
    this.wasAway = false
    this.forgotten()
    void this.registry.renew()
  }

  /** What this node has said may be gone. It says everything again. */
  private forgotten(): void {
    this.directory.renewed(false)
    void this.revoked.sayAll()
    this.options.ear.forgotten()
  }
}
