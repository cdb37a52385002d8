// A Redis that is restarted, and nodes that agree whether anything is missing: then and only then cursors stay valid.
import { expect, test } from "bun:test"
import { parseChannel } from "../../src/channels/name.ts"
import { type CrowdOptions, listenOn } from "../chaos/crowd.ts"
import { ListenerRecord, Ledger } from "../chaos/ledger.ts"
import { ChaosNode } from "../chaos/node.ts"
import { Random } from "../fuzz/random.ts"
import { RedisProcess, until } from "../support/redis-servers.ts"
import { freshPrefix } from "./redis-maker.ts"
import { bounds, keyed } from "./stored.ts"

/** Longer than `until` waits: a test that fails says for what. */
const deadlineMs = 90_000
const a = parseChannel("/a", "body")

/** Long enough for nodes that are alive to be back, on a busy machine. */
const leaseMs = 8000

/** Keeps what it is told to keep at its end, and what `SAVE` has written. */
const persistent = { config: { save: '""' } }

/** Two nodes; `/a` has a listener on the second, which comes back whenever it is sent away. */
class Scene implements AsyncDisposable {
  readonly nodes: readonly [ChaosNode, ChaosNode]
  readonly record = new ListenerRecord("the listener", a)
  private readonly listening: { stop(): void }

  private constructor(nodes: readonly [ChaosNode, ChaosNode]) {
    this.nodes = nodes
    const crowd: CrowdOptions = { nodes: () => [nodes[1]], ledger: new Ledger(), random: new Random(1) }
    this.listening = listenOn(a, this.record, crowd)
  }

  static async at(url: string, voteLeaseMs: number | null = leaseMs): Promise<Scene> {
    const prefix = freshPrefix()
    const make = () => new ChaosNode(url, { prefix, routing: "targeted", voteLeaseMs })
    const scene = new Scene([make(), make()])
    await Promise.all(scene.nodes.map((node) => isUp(node)))
    await until(() => scene.record.position !== null, "the listener")
    return scene
  }

  /** Resolves when it was heard; or when the listener was told to reload, who may not hear it then. */
  async publish(text: string, node = this.nodes[0]): Promise<void> {
    const { resets } = this.record
    // With a key: what was accepted, and its answer lost, is not published twice.
    const draft = keyed("/a", text)
    await until(async () => {
      try {
        await node.hub.publish(draft)
        return true
      } catch {
        return false
      }
    }, `"${text}" to be published`)
    await until(
      () => this.heard.flat().includes(text) || this.record.resets > resets,
      `"${text}" to be heard`,
    )
  }

  /** Who is told to reload stands at the tail: what is published before that, it does not hear. */
  isReset(times = 1): Promise<void> {
    return until(() => this.record.resets === times, "a reset")
  }

  get heard(): readonly (readonly string[])[] {
    return this.record.segments.map(({ messages }) => messages.map(({ data }) => String(data)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.listening.stop()
    for (const node of this.nodes) node.kill()
  }
}

const isUp = ({ engine }: ChaosNode) =>
  until(
    () =>
      engine.probe().then(
        () => true,
        () => false,
      ),
    "a node",
  )

/** As an operator does it: everything is written before it ends. */
async function restartAsPlanned(redis: RedisProcess): Promise<void> {
  await redis.command("SHUTDOWN", "SAVE").catch(() => {})
  await redis.restart()
}

test(
  "[K10] after a planned restart nobody is told to reload, and cursors of before go on",
  async () => {
    await using redis = await RedisProcess.start(persistent)
    await using scene = await Scene.at(redis.url)
    await scene.publish("one")
    const { position } = scene.record
    for (const text of ["two", "three"]) {
      await restartAsPlanned(redis)
      await scene.publish(text)
    }
    expect(scene.heard).toEqual([["one", "two", "three"]])
    expect(scene.record.resets).toBe(0)
    const page = await scene.nodes[0].hub.read(a, position as NonNullable<typeof position>, bounds)
    expect("messages" in page && page.messages.map(({ data }) => data)).toEqual(["two", "three"])
  },
  deadlineMs,
)

test(
  "[K10] without the setting a planned restart resets",
  async () => {
    await using redis = await RedisProcess.start(persistent)
    await using scene = await Scene.at(redis.url, null)
    await scene.publish("one")
    await restartAsPlanned(redis)
    await scene.isReset()
    await scene.publish("two")
    expect(scene.heard).toEqual([["one"], ["two"]])
  },
  deadlineMs,
)

test(
  "[K10] when Redis comes back without what a node has published, or only heard, everybody is told",
  async () => {
    await using redis = await RedisProcess.start(persistent)
    await using scene = await Scene.at(redis.url)
    await scene.publish("kept")
    await redis.command("SAVE")
    await scene.publish("lost")
    const { position } = scene.record
    await redis.restart()
    await scene.isReset()
    await scene.publish("new")
    expect(scene.heard).toEqual([["kept", "lost"], ["new"]])
    // The same number as the lost one, and another epoch.
    expect(scene.record.position?.offset).toBe(position?.offset)
    expect(scene.record.position?.epoch).not.toBe(position?.epoch)
    // From here on it is as ever.
    await restartAsPlanned(redis)
    await scene.publish("newer")
    expect(scene.heard).toEqual([
      ["kept", "lost"],
      ["new", "newer"],
    ])
  },
  deadlineMs,
)

test(
  "[K10] a node that died before the restart may have seen more: all is reset when its lease is over, and nothing is accepted before",
  async () => {
    await using redis = await RedisProcess.start(persistent)
    await using scene = await Scene.at(redis.url)
    const dead = scene.nodes[0]
    await scene.publish("one", scene.nodes[1])
    // As by `kill -9`: it says nothing any more.
    dead.engine.redis.close()
    await restartAsPlanned(redis)
    const { engine } = scene.nodes[1]
    await until(() => engine.redis.trouble === null, "Redis")
    expect(await engine.probe().then(String, String)).toContain(
      "not every node has said yet what it saw before",
    )
    await scene.isReset()
    await scene.publish("two", scene.nodes[1])
    expect(scene.heard).toEqual([["one"], ["two"]])
  },
  deadlineMs,
)

test(
  "a node that went away in peace is not waited for",
  async () => {
    await using redis = await RedisProcess.start(persistent)
    // Longer than this test may take.
    await using scene = await Scene.at(redis.url, 10 * deadlineMs)
    await scene.publish("one")
    await scene.nodes[0].engine.close()
    await restartAsPlanned(redis)
    await scene.publish("two", scene.nodes[1])
    expect(scene.heard).toEqual([["one", "two"]])
  },
  deadlineMs,
)

test(
  "[K10] a Redis that had a replica may be that replica now: it resets",
  async () => {
    await using redis = await RedisProcess.start(persistent)
    await using scene = await Scene.at(redis.url)
    await scene.publish("one")
    await using replica = await RedisProcess.start({
      config: { save: '""', replicaof: `127.0.0.1 ${redis.port}` },
    })
    const key = (await redis.command("KEYS", "*:ledger")) as string[]
    await until(async () => (await redis.command("HGET", key[0] ?? "", "replicas")) === "1", "the replica")
    expect(await replica.info("role")).toBe("slave")
    await restartAsPlanned(redis)
    await scene.isReset()
    await scene.publish("two")
    expect(scene.heard).toEqual([["one"], ["two"]])
  },
  deadlineMs,
)
