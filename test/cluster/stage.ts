// Several nodes in this process over a real Redis, and the few calls that tests of clusters share.
import { openStage, type Stage } from "../backend-api/stage.ts"
import { connectByLaba, type LabaListener } from "../support/laba-socket.ts"
import { RedisProcess } from "../support/redis-servers.ts"
import type { ServeOptions } from "../../src/server/index.ts"

/** A Redis, of whatever kind. */
export interface SomeRedis extends AsyncDisposable {
  readonly url: string
}

export interface ClusterStage<Redis extends SomeRedis = SomeRedis> extends AsyncDisposable {
  readonly redis: Redis
  readonly nodes: readonly Stage[]
  /** One more node. */
  add(options?: ServeOptions): Promise<Stage>
}

interface ClusterOptions<Redis extends SomeRedis> {
  readonly redis: Redis
  readonly count: number
  readonly options?: ServeOptions
  /** Lets in who asks for the nodes. */
  readonly headers?: Record<string, string>
}

/** Nodes named `a`, `b`, … over one Redis server. Users are named by the query: `?user=ann`. */
export async function openCluster(
  count: number,
  options: ServeOptions = {},
  headers: Record<string, string> = {},
): Promise<ClusterStage<RedisProcess>> {
  return openClusterOver({ redis: await RedisProcess.start(), count, options, headers })
}

/** The same over any Redis, which it takes over. */
export async function openClusterOver<Redis extends SomeRedis>({
  redis,
  count,
  options = {},
  headers = {},
}: ClusterOptions<Redis>): Promise<ClusterStage<Redis>> {
  const nodes: Stage[] = []
  const add = async (more: ServeOptions = {}): Promise<Stage> => {
    const name = String.fromCharCode(97 + nodes.length)
    const node = await openStage({ ...options, ...more, engine: redis.url, node: { lease: "2s", name } })
    nodes.push(node)
    return node
  }
  const dispose = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()))
    await redis[Symbol.asyncDispose]()
  }
  try {
    for (let i = 0; i < count; i++) await add()
    await until(async () => {
      const known = await Promise.all(nodes.map((node) => nodeNames(node, headers)))
      return known.every((names) => names.length === count)
    })
  } catch (error) {
    // A Redis that is left behind would keep the test's output open for ever.
    await dispose()
    throw error
  }
  return { redis, nodes, add, [Symbol.asyncDispose]: dispose }
}

/** The names of all nodes that one of them knows, in order. */
export async function nodeNames({ call }: Stage, headers: Record<string, string> = {}): Promise<string[]> {
  const answer = await call("GET", "/_/api/nodes", undefined, headers)
  const { nodes } = (await answer.json()) as { nodes: { name: string }[] }
  return nodes.map(({ name }) => name).sort()
}

/** Opens a laba.v1 connection of a user, subscribed to a channel; and its id. */
export async function listenAs(
  base: string,
  user: string,
  channel: string,
): Promise<LabaListener & { readonly id: string }> {
  const listener = await connectByLaba(`${base}/_/ws?user=${user}`)
  const { connection } = await listener.frame("hello")
  const subscribe = (): void => listener.send({ op: "subscribe", channel })
  subscribe()
  for (;;) {
    const frame = await listener.frames.next()
    if (frame.op === "subscribed") return Object.assign(listener, { id: connection })
    if (frame.op !== "error") continue
    // What a client does when the engine is away for a moment: it comes again.
    if (frame.retry !== "back-off") throw new Error(`${frame.code}: ${frame.detail}`)
    await Bun.sleep(50)
    subscribe()
  }
}

/** Waits for a condition. The deadline guards against hanging; nothing is measured by it. */
export async function until(holds: () => Promise<boolean> | boolean, deadlineMs = 30_000): Promise<void> {
  const end = performance.now() + deadlineMs
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`it does not hold after ${deadlineMs} ms: ${holds}`)
    await Bun.sleep(20)
  }
}
