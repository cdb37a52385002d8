// Nodes with one ingest, each a process of its own, over SQLite or Redis; and what was published in them, read from their histories.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { IngestInput } from "../../src/config/input/ingest-input.ts"
import type { ConfigInput } from "../../src/server/index.ts"
import { NodeProcess } from "../cluster/node-process.ts"
import { eventually } from "../support/eventually.ts"
import { RedisProcess } from "../support/redis-servers.ts"

export type EngineName = "sqlite" | "redis"

export class IngestNodes implements AsyncDisposable {
  /** Running nodes; with SQLite one at most. */
  readonly nodes: NodeProcess[] = []
  readonly redis: RedisProcess | null
  private readonly folder = mkdtempSync(join(tmpdir(), "laba-ingest-"))
  private readonly ingest: IngestInput
  private readonly more: ConfigInput

  private constructor(redis: RedisProcess | null, ingest: IngestInput, more: ConfigInput) {
    this.redis = redis
    this.ingest = ingest
    this.more = more
  }

  static async start(
    engine: EngineName,
    ingest: IngestInput,
    { count = engine === "sqlite" ? 1 : 2, ...more }: ConfigInput & { readonly count?: number } = {},
  ): Promise<IngestNodes> {
    // What Redis answered it has on the disk, so that it can be killed.
    const durable = { appendonly: "yes", appendfsync: "always" }
    const redis = engine === "redis" ? await RedisProcess.start({ config: durable }) : null
    const nodes = new IngestNodes(redis, ingest, more)
    for (let started = 0; started < count; started++) await nodes.add()
    return nodes
  }

  async add(): Promise<NodeProcess> {
    const node = await NodeProcess.start({
      listen: { port: 0 },
      engine: this.redis?.url ?? `sqlite:${join(this.folder, "data")}`,
      node: { lease: "2s" },
      channels: { "/**": { history: { count: 200_000, bytes: "256MB", time: "1d" } } },
      ...this.more,
      ingest: { orders: this.ingest },
    })
    this.nodes.push(node)
    return node
  }

  async kill(index = 0): Promise<void> {
    const [node] = this.nodes.splice(index, 1)
    await node?.kill()
  }

  async leave(index = 0): Promise<void> {
    const [node] = this.nodes.splice(index, 1)
    await node?.leave()
  }

  /** The bodies of a channel, oldest first, on any node. */
  async published(channel: string): Promise<readonly unknown[]> {
    const bodies: unknown[] = []
    let after = ""
    for (;;) {
      const query = new URLSearchParams({ channel, limit: "500", ...(after && { after }) })
      const page = (await this.api(`channels/history?${query}`)) as {
        readonly cursor: string
        readonly more: boolean
        readonly messages: readonly { readonly data: unknown }[]
      }
      bodies.push(...page.messages.map(({ data }) => data))
      if (!page.more) return bodies
      after = page.cursor
    }
  }

  /** How the ingest stands on each node. */
  async reports(): Promise<readonly Record<string, unknown>[]> {
    return ((await this.api("ingest")) as { readonly ingest: readonly Record<string, unknown>[] }).ingest
  }

  /** Resolves when a node is in this state. */
  async reach(state: string): Promise<void> {
    await eventually(async () => {
      const reports = await this.reports()
      if (!reports.some((one) => one["state"] === state)) throw new Error(JSON.stringify(reports))
    })
  }

  async api(path: string, method = "GET"): Promise<unknown> {
    const response = await fetch(`${this.nodes[0]?.base}/_/api/${path}`, { method })
    const text = await response.text()
    if (!response.ok) throw new Error(`${response.status} ${text}`)
    return text === "" ? null : JSON.parse(text)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()))
    await this.redis?.[Symbol.asyncDispose]()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
