// Users of a run, whose connections a backend is told of and who are in a room; and those who watch the room.
import type { Random } from "../../fuzz/random.ts"
import { connectByLaba, type LabaListener } from "../../support/laba-socket.ts"
import type { ServerProcess } from "../../support/process.ts"
import { type Nodes, room } from "./nodes.ts"

/** A client comes back after that long, and one more time as long at most. */
const comeBackMs = 50

const patienceMs = 3_600_000

/** Somebody with one connection, who comes back whenever it is lost. */
export class Visitor {
  readonly user: string
  /** Where they are; null while they are nowhere. */
  node: ServerProcess | null = null
  private readonly nodes: Nodes
  private readonly random: Random
  private socket: LabaListener | null = null
  private stays = true
  private readonly done: Promise<void>

  constructor(user: string, nodes: Nodes, random: Random) {
    this.user = user
    this.nodes = nodes
    this.random = random
    this.done = this.run()
  }

  /** Does not come back when the connection is lost. */
  giveUp(): void {
    this.stays = false
  }

  async leave(): Promise<void> {
    this.giveUp()
    this.socket?.socket.close()
    await this.done
  }

  private async run(): Promise<void> {
    while (this.stays) {
      await this.visit().catch(() => undefined)
      this.node = null
      if (this.stays) await Bun.sleep(comeBackMs + this.random.below(comeBackMs))
    }
  }

  private async visit(): Promise<void> {
    const node = this.nodes.any()
    if (!node) return
    const listener = await connectByLaba(`${node.base}/desk/1?user=${this.user}`)
    this.socket = listener
    try {
      // The engine may be away: then it is refused, and comes back.
      for (let isIn = false; ;) {
        const frame = await listener.frames.next(patienceMs)
        if (frame.op === "error") return
        if (frame.op !== "subscribed" || frame.channel !== room || isIn) continue
        isIn = true
        this.node = node
      }
    } finally {
      listener.socket.close()
    }
  }
}

/** Watches the room, and keeps what it was told together; who leaves twice or comes twice is a finding. */
export class Watcher {
  readonly findings: string[] = []
  /** How often each was told to have left, since the list that this watcher was given last. */
  readonly left = new Map<string, number>()
  readonly name: string
  private readonly nodes: Nodes
  private readonly random: Random
  private present = new Set<string>()
  private socket: LabaListener | null = null
  private stays = true
  private readonly done: Promise<void>

  constructor(name: string, nodes: Nodes, random: Random) {
    this.name = name
    this.nodes = nodes
    this.random = random
    this.done = this.run()
  }

  get users(): string[] {
    return [...this.present].sort()
  }

  async stop(): Promise<void> {
    this.stays = false
    this.socket?.socket.close()
    await this.done
  }

  private async run(): Promise<void> {
    while (this.stays) {
      await this.watch().catch(() => undefined)
      if (this.stays) await Bun.sleep(comeBackMs + this.random.below(comeBackMs))
    }
  }

  private async watch(): Promise<void> {
    const node = this.nodes.any()
    if (!node) return
    const listener = await connectByLaba(`${node.base}/_/ws`)
    this.socket = listener
    try {
      listener.send({ op: "presence", ref: "watch", channel: room, watch: true })
      // What is told before the list is in the list, and what another connection was told is over.
      let hasList = false
      for (;;) {
        const frame = await listener.frames.next(patienceMs)
        if (frame.op === "error") return
        if (frame.op === "presence") {
          hasList = true
          this.present = new Set(frame.members.map(({ user }) => user))
          this.left.clear()
        }
        if (frame.op !== "members" || !hasList) continue
        for (const { user } of frame.joined) this.joins(user)
        for (const user of frame.left) this.leaves(user)
      }
    } finally {
      listener.socket.close()
    }
  }

  private joins(user: string): void {
    if (this.present.has(user)) this.findings.push(`${this.name} was told twice that ${user} came`)
    this.present.add(user)
  }

  private leaves(user: string): void {
    if (!this.present.has(user))
      this.findings.push(`${this.name} was told that ${user} left, who was not there`)
    this.present.delete(user)
    this.left.set(user, (this.left.get(user) ?? 0) + 1)
  }
}
