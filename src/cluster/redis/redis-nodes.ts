// A node among others, joined by a Redis: the registry says which nodes there are, the directory which users are on which, and
// one calls another. Each is a file of its own; here they are put together.
import type { RedisClient } from "../../redis/redis-client.ts"
import { invoke, noSuchNode } from "../single-node.ts"
import type { ClockReading } from "../clock-offset.ts"
import type {
  LocalRevocations,
  LocalUsers,
  NodeInfo,
  NodeMethod,
  NodeMethods,
  Nodes,
  Params,
  Result,
  Revocation,
} from "../nodes.ts"
import { RedisSessionDirectory } from "./redis-session-directory.ts"
import { UserDirectory } from "./user-directory.ts"
import { NodeCalls } from "./node-calls.ts"
import { NodeRegistry } from "./node-registry.ts"
import { SharedRevocations } from "./shared-revocations.ts"

/** What a node is told of the others. */
interface ClusterEvents {
  nodeJoined(run: string): void
  nodeLeft(run: string): void
  /** The others may have forgotten what this node has said. */
  stateLost(): void
  /** The lease was renewed, and all is well. */
  renewed(): void
}

interface RedisNodesOptions {
  readonly redis: RedisClient
  readonly leaseMs: number
  readonly info: () => NodeInfo
  readonly methods: NodeMethods
  readonly users: LocalUsers
  readonly revocations: LocalRevocations
  /** This node's clock beside that of Redis. */
  readonly onClock: (reading: ClockReading) => void
}

export class RedisNodes implements Nodes {
  readonly self: string
  readonly sessions: RedisSessionDirectory
  private readonly options: RedisNodesOptions
  private readonly registry: NodeRegistry
  private readonly calls: NodeCalls
  private readonly directory: UserDirectory
  private readonly revocations: SharedRevocations
  private readonly unwatch: () => void
  private events: ClusterEvents | null = null
  private wasAway = false

  constructor(options: RedisNodesOptions) {
    const { redis, leaseMs, info, methods, users, revocations, onClock } = options
    this.options = options
    const self = info().run
    this.self = self
    const registry = new NodeRegistry({ redis, leaseMs, info, onClock })
    this.registry = registry
    this.calls = new NodeCalls({ redis, self, methods, isAlive: (run) => registry.hasLease(run) })
    this.sessions = new RedisSessionDirectory({ redis, self })
    this.directory = new UserDirectory({ redis, self, local: users })
    this.revocations = new SharedRevocations({ redis, local: revocations })
    this.unwatch = redis.onChange(() => this.redisChanged())
  }

  get list(): readonly NodeInfo[] {
    return this.registry.list
  }

  /** The runs of the others. */
  get others(): readonly string[] {
    return this.registry.others
  }

  /** Takes the lease, so that the node is known before anybody is let in. */
  async begin(events: ClusterEvents): Promise<void> {
    this.events = events
    await this.registry.begin({
      joined: (run) => events.nodeJoined(run),
      left: (run) => {
        this.calls.endSilence(run)
        events.nodeLeft(run)
      },
      renewed: (held) => {
        this.revocations.mend()
        if (!held) return this.stateLost()
        this.directory.renewed(true)
        this.sessions.renewed(true)
        events.renewed()
      },
    })
  }

  /** A connection of the user came or went. */
  userChanged(user: string): void {
    this.directory.userChanged(user)
  }

  async nodesOf(user: string): Promise<readonly string[]> {
    const others = await this.directory.nodesOf(user, this.registry.others)
    return this.options.users.countOfUser(user) > 0 ? [this.self, ...others] : others
  }

  async call<Name extends NodeMethod>(
    run: string,
    name: Name,
    asked: Params<Name>,
    waitMs?: number,
  ): Promise<Result<Name>> {
    if (run === this.self) return invoke(this.options.methods, name, asked)
    if (!(await this.registry.knows(run))) throw noSuchNode()
    return this.calls.call(run, name, asked, waitMs)
  }

  revoke(revocation: Revocation): Promise<void> {
    return this.revocations.add(revocation)
  }

  async stop(): Promise<void> {
    this.unwatch()
    await this.registry.leave()
    await this.directory.stop()
    this.calls.stop()
    this.revocations.stop()
  }

  /** A Redis that comes back may be another, or have lost what was written last. */
  private redisChanged(): void {
    if (this.options.redis.trouble) {
      this.wasAway = true
      return
    }
    if (!this.wasAway) return
    this.wasAway = false
    this.stateLost()
    void this.registry.renew()
  }

  /** What this node has written may be gone. It writes everything again. */
  private stateLost(): void {
    this.directory.renewed(false)
    this.sessions.renewed(false)
    void this.revocations.writeAll()
    this.events?.stateLost()
  }
}
