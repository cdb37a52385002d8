// What may befall Redis, one thing at a time, and what a listener on a node then gets: everything in order, or a reset.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { ListenerRecord, Ledger } from "../chaos/ledger.ts"
import { type CrowdOptions, listenOn } from "../chaos/crowd.ts"
import { ChaosNode } from "../chaos/node.ts"
import { Random } from "../fuzz/random.ts"
import { RedisProcess, until } from "../support/redis-servers.ts"
import { TcpProxy } from "../support/tcp-proxy.ts"
import { parseChannel } from "../../src/channels/name.ts"
import { RecordedEvents } from "./contract-stage.ts"
import { freshPrefix, openEngine, refusalOf } from "./redis-maker.ts"
import { bounds, draft, keep } from "./stored.ts"

/** A guard against hanging: a Redis that stands still is found out after seconds. */
const deadlineMs = 60_000
const a = parseChannel("/a", "body")

/** A node with one listener of `/a` that comes back whenever it is sent away. */
class Scene implements AsyncDisposable {
  readonly node: ChaosNode
  readonly record = new ListenerRecord("the listener", a)
  private readonly listening: { stop(): void }

  private constructor(node: ChaosNode) {
    this.node = node
    const crowd: CrowdOptions = { nodes: () => [node], ledger: new Ledger(), random: new Random(1) }
    this.listening = listenOn(a, this.record, crowd)
  }

  static async at(url: string, prefix = freshPrefix()): Promise<Scene> {
    const node = new ChaosNode(url, { prefix, routing: "targeted" })
    await node.engine.opened()
    const scene = new Scene(node)
    await until(() => scene.record.position !== null, "the listener")
    return scene
  }

  get heard(): readonly (readonly string[])[] {
    return this.record.segments.map(({ messages }) => messages.map(({ data }) => String(data)))
  }

  async publish(text: string): Promise<void> {
    await this.node.hub.publish(draft("/a", text))
  }

  /** Publishes as soon as it can be done. */
  async publishWhenUp(text: string): Promise<void> {
    await until(
      () =>
        this.publish(text).then(
          () => true,
          () => false,
        ),
      "Redis",
    )
  }

  hears(text: string): Promise<void> {
    return until(() => this.heard.flat().includes(text), `"${text}"; heard ${JSON.stringify(this.heard)}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.listening.stop()
    this.node.kill()
  }
}

describe("a Redis that", () => {
  test(
    "is killed and keeps nothing: the listener is told to reload, and hears what comes then",
    async () => {
      await using redis = await RedisProcess.start({ config: { save: '""' } })
      await using scene = await Scene.at(redis.url)
      await scene.publish("before")
      await scene.hears("before")
      await redis.kill()
      expect(await refusalOf(() => scene.publish("lost"))).toContain("engine_unavailable")
      await redis.restart()
      await until(() => scene.record.resets === 1, "a reset")
      await scene.publishWhenUp("after")
      await scene.hears("after")
      expect(scene.heard).toEqual([["before"], ["after"]])
    },
    deadlineMs,
  )

  test(
    "is killed and keeps a log: the history is there, in another epoch",
    async () => {
      await using redis = await RedisProcess.start({
        config: { save: '""', appendonly: "yes", appendfsync: "always" },
      })
      await using scene = await Scene.at(redis.url)
      await scene.publish("before")
      await scene.hears("before")
      const before = scene.record.position
      await redis.kill()
      await redis.restart()
      await until(() => scene.record.resets === 1, "a reset")
      await scene.publishWhenUp("after")
      await scene.hears("after")
      const { messages, tail } = await scene.node.read(a)
      expect(messages.map(({ data }) => data)).toEqual(["before", "after"])
      expect(tail.offset).toBe(2)
      expect(tail.epoch).not.toBe(before?.epoch)
    },
    deadlineMs,
  )

  test(
    "goes back to a snapshot: what was published since is told to be lost, and no number is given out twice",
    async () => {
      await using redis = await RedisProcess.start({ config: { save: '""' } })
      await using scene = await Scene.at(redis.url)
      await scene.publish("kept")
      await redis.command("SAVE")
      await scene.publish("lost")
      await scene.hears("lost")
      const lost = scene.record.position
      await redis.kill()
      await redis.restart()
      await until(() => scene.record.resets === 1, "a reset")
      await scene.publishWhenUp("new")
      await scene.hears("new")
      expect(scene.heard).toEqual([["kept", "lost"], ["new"]])
      // The same number as the lost one, and another epoch: who comes with the old cursor is told.
      expect(scene.record.position?.offset).toBe(lost?.offset)
      const page = await scene.node.hub.read(a, lost as NonNullable<typeof lost>, bounds)
      expect(page).toMatchObject({ reset: "epoch" })
    },
    deadlineMs,
  )

  test(
    "is flushed: the next message comes with a reset",
    async () => {
      await using redis = await RedisProcess.start({ config: { save: '""' } })
      await using scene = await Scene.at(redis.url)
      await scene.publish("before")
      await scene.hears("before")
      await redis.flush()
      await scene.publish("after")
      await until(() => scene.record.resets === 1, "a reset")
      await scene.publish("later")
      await scene.hears("later")
      expect(scene.heard.at(-1)).toContain("later")
    },
    deadlineMs,
  )

  test(
    "stands still: publishes are refused soon, listeners stay, and nothing is lost when it goes on",
    async () => {
      await using redis = await RedisProcess.start({ config: { save: '""' } })
      await using scene = await Scene.at(redis.url)
      await scene.publish("before")
      redis.pause()
      // The first may wait until the silence is found out; what was sent and not answered may be done later.
      expect(await refusalOf(() => scene.publish("maybe"))).toContain("engine_unavailable")
      expect(await refusalOf(() => scene.publish("refused"))).toContain("engine_unavailable")
      expect(await refusalOf(() => scene.node.engine.probe())).toContain("engine_unavailable")
      redis.resume()
      await scene.publishWhenUp("after")
      await scene.hears("after")
      expect(scene.record.resets).toBe(0)
      expect(scene.heard.flat().filter((text) => text !== "maybe")).toEqual(["before", "after"])
    },
    deadlineMs,
  )

  test(
    "cuts its listeners off: what was published meanwhile is fetched, and nobody is told to reload",
    async () => {
      await using redis = await RedisProcess.start({ config: { save: '""' } })
      const prefix = freshPrefix()
      await using scene = await Scene.at(redis.url, prefix)
      const engine = await openEngine(redis.url, { deliver() {}, lost() {} }, { prefix })
      for (let round = 0; round < 5; round++) {
        await redis.command("CLIENT", "KILL", "TYPE", "pubsub")
        for (let i = 0; i < 10; i++) await engine.publish(draft("/a", `${round}.${i}`), keep)
      }
      await scene.hears("4.9")
      await engine.close()
      expect(scene.record.resets).toBe(0)
      expect(scene.heard.flat()).toEqual(
        Array.from({ length: 50 }, (_, i) => `${Math.floor(i / 10)}.${i % 10}`),
      )
    },
    deadlineMs,
  )

  for (const way of ["both", "to server", "to client"] as const)
    test(
      `cannot be reached, ${way}: the node finds out, and catches up when Redis is back`,
      async () => {
        await using redis = await RedisProcess.start({ config: { save: '""' } })
        await using wire = await TcpProxy.start(redis.port)
        const prefix = freshPrefix()
        await using scene = await Scene.at(`redis://127.0.0.1:${wire.port}`, prefix)
        const engine = await openEngine(redis.url, { deliver() {}, lost() {} }, { prefix })
        wire.set(way)
        await until(() => scene.node.engine.redis.trouble !== null, "the silence to be found out")
        await engine.publish(draft("/a", "meanwhile"), keep)
        wire.set("nothing")
        await scene.hears("meanwhile")
        await engine.close()
        expect(scene.record.resets).toBe(0)
      },
      deadlineMs,
    )
})

describe("one Redis", () => {
  let redis: RedisProcess
  beforeAll(async () => {
    redis = await RedisProcess.start({ config: { save: '""' } })
  }, deadlineMs)
  afterAll(() => redis[Symbol.asyncDispose]())

  test("a hole in what is announced is told once, however many listen", async () => {
    const prefix = freshPrefix()
    const events = new RecordedEvents()
    const node = await openEngine(redis.url, events, { prefix })
    // It announces where this node does not listen.
    const elsewhere = await openEngine(redis.url, new RecordedEvents(), { prefix, routing: "broadcast" })
    await node.listen(a)
    for (let i = 0; i < 3; i++) await elsewhere.publish(draft("/a", `unheard ${i}`), keep)
    for (let i = 0; i < 3; i++) await node.publish(draft("/a", `heard ${i}`), keep)
    await until(() => events.messages.length === 2, "what follows the hole")
    expect(events.losses).toEqual(["/a"])
    expect(events.messages.map(({ offset }) => offset)).toEqual([5, 6])
    await node.close()
    await elsewhere.close()
  })

  test("what somebody else publishes to our names is no message", async () => {
    const prefix = freshPrefix()
    const events = new RecordedEvents()
    const node = await openEngine(redis.url, events, { prefix })
    await node.listen(a)
    for (const text of ["", "hello", "x y z\n", "e 1 /a"]) await node.redis.announce("0", "at:/a", text)
    await node.publish(draft("/a", "real"), keep)
    await until(() => events.messages.length === 1, "the message")
    expect(events.losses).toEqual([])
    await node.close()
  })

  test("a forgotten channel is told to who listens on other nodes", async () => {
    const prefix = freshPrefix()
    const events = new RecordedEvents()
    const node = await openEngine(redis.url, events, { prefix })
    const other = await openEngine(redis.url, new RecordedEvents(), { prefix })
    await node.publish(draft("/a", "x"), keep)
    await node.listen(a)
    expect(await other.forget(a)).toBe(1)
    await until(() => events.losses.length > 0, "the loss")
    await node.close()
    await other.close()
  })

  test("a channel that is forgotten while listening begins is listened to all the same", async () => {
    const events = new RecordedEvents()
    const node = await openEngine(redis.url, events)
    for (let round = 0; round < 20; round++) {
      const listening = node.listen(a)
      const forgetting = node.forget(a)
      await Promise.all([listening, forgetting])
      const heardBefore = events.messages.length + events.losses.length
      await node.publish(draft("/a", "x"), keep)
      await until(() => events.messages.length + events.losses.length > heardBefore, "the message, or a loss")
      node.unlisten(a)
    }
    await node.close()
  })

  test("each channel is on exactly one page of the list, with what is stored of it", async () => {
    const node = await openEngine(redis.url, new RecordedEvents(), { partitions: 4 })
    for (let i = 0; i < 50; i++) await node.publish(draft(`/c/${i}`, "12345"), keep)
    const seen: string[] = []
    let next: string | null = null
    do {
      const page = await node.channelsPage(next, 7)
      expect(page.channels.length).toBeLessThanOrEqual(7)
      for (const { channel, kept, bytes, tail } of page.channels) {
        expect([kept, bytes, tail.offset]).toEqual([1, 5, 1])
        seen.push(channel)
      }
      next = page.next
    } while (next !== null)
    expect(seen.sort()).toEqual(Array.from({ length: 50 }, (_, i) => `/c/${i}`).sort())
    expect(await refusalOf(() => node.channelsPage("nonsense!", 7))).toContain("bad_cursor")
    await node.close()
  })

  test(
    "what has expired is cleared without anybody asking, and the numbers go on",
    async () => {
      const node = await openEngine(redis.url, new RecordedEvents())
      const brief = { ...keep, timeMs: 300 }
      const first = await node.publish(draft("/a", "x".repeat(1000)), brief)
      const stored = async () =>
        (await node.redis.command("0", "EXISTS", node.redis.key("0", "log:/a"))) === 1
      expect(await stored()).toBe(true)
      await until(async () => !(await stored()), "it to be cleared")
      const second = await node.publish(draft("/a", "y"), brief)
      expect(second.position).toEqual({ epoch: first.position.epoch, offset: 2 })
      await until(() => node.figures.channels === 1, "the figures")
      await node.close()
    },
    deadlineMs,
  )
})
