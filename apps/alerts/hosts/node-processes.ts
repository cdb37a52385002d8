// The nodes of the shop: real processes, started, stopped and restarted. Each publishes its own start and end; only
// for one that was killed it is published here.
import { type LabaAccess, publish } from "../../kit/laba/laba-calls.ts"
import { KeyedMutex } from "../../kit/keyed-mutex.ts"
import { deploys } from "../channels/names.ts"
import { startChild } from "./child.ts"
import type { Deploy } from "./deploy.ts"

export interface NodeState {
  readonly node: string
  readonly version: number
  readonly isRunning: boolean
}

interface Entry {
  version: number
  child: Bun.Subprocess | null
  /** We asked it to end: it tells of that itself. */
  isEnding: boolean
}

/** How long a node may take to end before it is killed. */
const stopTimeoutMs = 5_000

export class NodeProcesses {
  private readonly access: LabaAccess
  private readonly log: (line: string) => void
  private readonly mutex = new KeyedMutex()
  private readonly entries: ReadonlyMap<string, Entry>

  constructor(access: LabaAccess, nodes: readonly string[], log: (line: string) => void) {
    this.access = access
    this.log = log
    this.entries = new Map(nodes.map((node) => [node, { version: 1, child: null, isEnding: false }]))
  }

  get states(): readonly NodeState[] {
    return [...this.entries].map(([node, { version, child }]) => ({
      node,
      version,
      isRunning: child !== null,
    }))
  }

  has(node: string): boolean {
    return this.entries.has(node)
  }

  start(node: string): Promise<void> {
    return this.inTurn(node, async (entry) => this.begin(node, entry, "started"))
  }

  stop(node: string): Promise<void> {
    return this.inTurn(node, (entry) => this.end(entry))
  }

  /** Ends it and starts the next version. */
  restart(node: string): Promise<void> {
    return this.inTurn(node, async (entry) => {
      const wasRunning = entry.child !== null
      await this.end(entry)
      entry.version++
      this.begin(node, entry, wasRunning ? "restarted" : "started")
    })
  }

  /** `kill -9`. */
  async kill(node: string): Promise<void> {
    const child = this.entries.get(node)?.child
    child?.kill("SIGKILL")
    await child?.exited
  }

  /** Ends all, without a word. */
  async close(): Promise<void> {
    for (const entry of this.entries.values()) {
      entry.isEnding = true
      entry.child?.kill("SIGKILL")
      await entry.child?.exited
    }
  }

  /** One thing at a time with each node, however often a button is pressed. */
  private inTurn(node: string, work: (entry: Entry) => Promise<void>): Promise<void> {
    return this.mutex.runExclusive(node, () => work(this.entries.get(node) as Entry))
  }

  private begin(node: string, entry: Entry, first: "started" | "restarted"): void {
    if (entry.child) return
    const { version } = entry
    const child = startChild({
      program: "web-node.ts",
      access: this.access,
      programArguments: [node, String(version), first],
    })
    entry.child = child
    entry.isEnding = false
    void child.exited.then(() => {
      if (entry.child !== child) return
      entry.child = null
      if (!entry.isEnding) this.lost(node, version, child.pid)
    })
  }

  private async end(entry: Entry): Promise<void> {
    const { child } = entry
    if (!child) return
    entry.isEnding = true
    child.kill("SIGTERM")
    const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs)
    await child.exited
    clearTimeout(timer)
    entry.child = null
  }

  private lost(node: string, version: number, pid: number): void {
    const id = `${node}-${pid}-lost`
    const deploy: Deploy = { id, node, event: "lost", version, pid, at: Date.now() }
    publish(this.access, deploys, deploy, { once: id }).catch((error: unknown) =>
      this.log(`${node}: ${error}`),
    )
  }
}
