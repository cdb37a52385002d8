import { describe, expect, test } from "bun:test"
import { LabaError } from "../../wire/error.ts"
import {
  flushPromises,
  channelOf,
  groups,
  keepAll,
  TestHub,
  RecordingListener,
  startOnRemoteEngine,
} from "./testing/test-hub.ts"

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)

describe("fan-out", () => {
  test("gives a listener what is published after it joined, in order, after its cursor", () => {
    const testHub = new TestHub()
    testHub.publish("/a", 2)
    const listener = testHub.listen("/a")
    testHub.publish("/a", 3)
    testHub.settle()
    expect(listener.heard).toEqual(["start 2", "3", "4", "5"])
  })

  test("writes once a group for all that came in one turn", () => {
    const testHub = new TestHub()
    groups.length = 0
    const listeners = range(1, 10).map(() => testHub.listen("/a"))
    testHub.publish("/a", 20)
    expect(testHub.settle()).toBe(1)
    expect(groups.map((group) => group.writes)).toEqual([1])
    for (const listener of listeners) expect(listener.offsets).toEqual(range(1, 20))
  })

  test("slices a big audience over turns, and everybody still hears everything once and in order", () => {
    const testHub = new TestHub()
    const early = range(1, 3000).map(() => testHub.listen("/big"))
    testHub.publish("/big", 3)
    testHub.turn()
    const heardAtOnce = early.filter((listener) => listener.offsets.length > 0).length
    expect(heardAtOnce).toBeGreaterThan(0)
    expect(heardAtOnce).toBeLessThan(3000)
    // Somebody joins in the middle: from the head on, nothing twice.
    const late = testHub.listen("/big")
    testHub.publish("/big", 2)
    testHub.settle()
    for (const listener of early) expect(listener.offsets).toEqual([1, 2, 3, 4, 5])
    expect(late.heard).toEqual(["start 3", "4", "5"])
  })

  test("serves a small channel while a big one is busy", () => {
    const testHub = new TestHub()
    for (let i = 0; i < 20_000; i++) testHub.listen("/big")
    const small = testHub.listen("/small")
    testHub.publish("/big")
    testHub.turn()
    testHub.publish("/small")
    testHub.turn()
    testHub.turn()
    expect(small.offsets).toEqual([1])
  })

  test("starves no bucket while messages keep coming", () => {
    const testHub = new TestHub()
    const listeners = range(1, 4000).map(() => testHub.listen("/big"))
    for (let i = 0; i < 40; i++) {
      testHub.publish("/big")
      testHub.turn()
    }
    expect(listeners.filter((listener) => listener.offsets.length === 0)).toEqual([])
    testHub.settle()
    for (const listener of listeners) expect(listener.offsets).toEqual(range(1, 40))
  })

  test("a listener that left hears nothing more, and the others go on", () => {
    const testHub = new TestHub()
    const [first, second] = [testHub.listen("/a"), testHub.listen("/a")]
    testHub.publish("/a")
    testHub.settle()
    testHub.hub.leave(first)
    testHub.hub.leave(first)
    testHub.publish("/a")
    testHub.settle()
    expect(first.offsets).toEqual([1])
    expect(second.offsets).toEqual([1, 2])
  })
})

describe("resuming", () => {
  test("replays exactly what was missed from every point", async () => {
    const testHub = new TestHub()
    testHub.publish("/a", 10)
    for (const offset of range(0, 10)) {
      const listener = testHub.listen("/a", { epoch: "run1", offset })
      await flushPromises()
      expect(listener.heard).toEqual([`start ${offset} recovered`, ...range(offset + 1, 10).map(String)])
    }
  })

  test("loses and doubles nothing that is published while a listener reads history page by page", async () => {
    const testHub = new TestHub({ outboxBytesMax: 40 })
    testHub.publish("/a", 100)
    const listener = new RecordingListener()
    let open: () => void = () => undefined
    listener.gate = new Promise((resolve) => {
      open = resolve
    })
    testHub.hub.join(listener, channelOf("/a"), { epoch: "run1", offset: 0 })
    await flushPromises()
    expect(listener.heard).toEqual([])
    testHub.publish("/a", 5)
    testHub.settle()
    listener.gate = null
    open()
    for (let i = 0; i < 30; i++) await flushPromises()
    testHub.publish("/a", 5)
    testHub.settle()
    expect(listener.offsets).toEqual(range(1, 110))
  })

  test("answers a reset to an unknown epoch, a future offset and a trimmed position, then goes on live from the tail", async () => {
    const rule = { ...keepAll, keep: { count: 3, bytes: 1e6, timeMs: 60_000 } }
    const testHub = new TestHub({ rule })
    testHub.publish("/a", 10)
    const foreign = testHub.listen("/a", { epoch: "other", offset: 10 })
    const future = testHub.listen("/a", { epoch: "run1", offset: 11 })
    const trimmed = testHub.listen("/a", { epoch: "run1", offset: 6 })
    const last = testHub.listen("/a", { epoch: "run1", offset: 7 })
    await flushPromises()
    testHub.publish("/a")
    testHub.settle()
    expect(foreign.heard).toEqual(["start 10", "reset 10 epoch", "11"])
    expect(future.heard).toEqual(["start 10", "reset 10 epoch", "11"])
    expect(trimmed.heard).toEqual(["start 10", "reset 10 trimmed", "11"])
    expect(last.heard).toEqual(["start 7 recovered", "8", "9", "10", "11"])
  })

  test("answers a reset to every cursor of a channel without history", async () => {
    const testHub = new TestHub({ rule: { ...keepAll, keep: null } })
    testHub.publish("/a", 2)
    const listener = testHub.listen("/a", { epoch: "run1", offset: 2 })
    testHub.publish("/a")
    testHub.settle()
    expect(listener.heard).toEqual(["start 2", "reset 2 no-history", "3"])
  })
})

describe("forgetting a channel", () => {
  test("ends everybody with `deleted`, and old cursors are reset afterwards", async () => {
    const testHub = new TestHub()
    testHub.publish("/a", 5)
    const listener = testHub.listen("/a")
    expect(await testHub.hub.forget(channelOf("/a"))).toEqual({ messages: 5, listeners: 1 })
    expect(listener.heard).toEqual(["start 5", "end deleted"])
    testHub.publish("/a", 6)
    const back = testHub.listen("/a", { epoch: "run1", offset: 5 })
    await flushPromises()
    expect(back.heard).toEqual(["start 6", "reset 6 epoch"])
  })
})

describe("overload", () => {
  test("makes publishes wait for lagging listeners, numbers nothing meanwhile, and loses nothing", async () => {
    const testHub = new TestHub()
    const listeners = range(1, 5000).map(() => testHub.listen("/big"))
    const accepted: number[] = []
    for (let i = 0; i < 300; i++) {
      void Promise.resolve(testHub.hub.publish(testHub.draft("/big"))).then((published) => {
        accepted.push(published.position.offset)
      })
    }
    await flushPromises()
    expect(accepted.length).toBeLessThan(300)
    for (let i = 0; i < 2000 && accepted.length < 300; i++) {
      testHub.turn()
      await flushPromises()
    }
    testHub.settle()
    expect(accepted).toEqual(range(1, 300))
    for (const listener of [listeners[0], listeners[4999]]) expect(listener?.offsets).toEqual(range(1, 300))
  })

  test("refuses with `overloaded` when too many publishes wait already", async () => {
    const testHub = new TestHub()
    testHub.listen("/a")
    const refused: unknown[] = []
    for (let i = 0; i < 2200; i++) {
      void Promise.resolve(testHub.hub.publish(testHub.draft("/a"))).catch((error: unknown) =>
        refused.push(error),
      )
    }
    await flushPromises()
    expect(refused.length).toBeGreaterThan(0)
    expect(refused.every((error) => error instanceof LabaError && error.code === "overloaded")).toBe(true)
    for (let i = 0; i < 100; i++) {
      testHub.turn()
      await flushPromises()
    }
  })
})

describe("an engine in another process", () => {
  test("a hole in the numbers is fetched once and given in order", async () => {
    const { testHub, engine } = startOnRemoteEngine()
    const listener = testHub.listen("/a")
    await flushPromises()
    engine.deaf = true
    await testHub.hub.publish(testHub.draft("/a"))
    await testHub.hub.publish(testHub.draft("/a"))
    engine.deaf = false
    await testHub.hub.publish(testHub.draft("/a"))
    await flushPromises()
    testHub.settle()
    expect(listener.heard).toEqual(["start 0", "1", "2", "3"])
  })

  test("that cannot forget ends everybody all the same, and they come back to what is still there", async () => {
    const { testHub, engine } = startOnRemoteEngine()
    const listener = testHub.listen("/a")
    await flushPromises()
    await testHub.hub.publish(testHub.draft("/a"))
    testHub.settle()
    engine.away = new LabaError("engine_unavailable", "away")
    expect(testHub.hub.forget(channelOf("/a"))).rejects.toThrow("away")
    await flushPromises()
    expect(listener.heard).toEqual(["start 0", "1", "end engine_unavailable"])
    expect(engine.listened.size).toBe(0)
    const back = testHub.listen("/a", { epoch: "remote1", offset: 0 })
    await flushPromises()
    testHub.settle()
    expect(back.heard).toEqual(["start 0 recovered", "1"])
  })

  test("lost data becomes a reset for everybody, never silence", async () => {
    const { testHub, engine } = startOnRemoteEngine()
    const listener = testHub.listen("/a")
    await flushPromises()
    await testHub.hub.publish(testHub.draft("/a"))
    testHub.settle()
    engine.epoch = "remote2"
    engine.log.length = 0
    testHub.hub.lost(channelOf("/a"))
    await flushPromises()
    await testHub.hub.publish(testHub.draft("/a"))
    testHub.settle()
    expect(listener.heard).toEqual(["start 0", "1", "reset 0 epoch", "1"])
  })

  test("what is published while history travels comes from the ring, once and in order", async () => {
    const { testHub, engine } = startOnRemoteEngine()
    const other = testHub.listen("/a")
    await flushPromises()
    for (let i = 0; i < 3; i++) await testHub.hub.publish(testHub.draft("/a"))
    testHub.settle()
    const arrival = Promise.withResolvers<void>()
    engine.travel = arrival.promise
    const listener = testHub.listen("/a", { epoch: "remote1", offset: 1 })
    for (let i = 0; i < 40; i++) {
      await testHub.hub.publish(testHub.draft("/a"))
      // The others are up to date all the time, so the ring is kept for this one listener alone.
      testHub.settle()
    }
    arrival.resolve()
    await flushPromises()
    await testHub.hub.publish(testHub.draft("/a"))
    testHub.settle()
    expect(listener.heard).toEqual(["start 1 recovered", ...range(2, 44).map(String)])
    expect(other.offsets).toEqual(range(1, 44))
  })

  test("a listener that the ring has left behind reads history again", async () => {
    const { testHub, engine } = startOnRemoteEngine()
    testHub.listen("/a")
    await flushPromises()
    await testHub.hub.publish(testHub.draft("/a"))
    const arrival = Promise.withResolvers<void>()
    engine.travel = arrival.promise
    const listener = testHub.listen("/a", { epoch: "remote1", offset: 0 })
    for (let i = 0; i < 1500; i++) {
      await testHub.hub.publish(testHub.draft("/a"))
      testHub.settle()
    }
    engine.travel = Promise.resolve()
    arrival.resolve()
    await flushPromises()
    testHub.settle()
    expect(listener.offsets).toEqual(range(1, 1501))
  })

  test("a message that arrives while history is read is given once", async () => {
    const { testHub } = startOnRemoteEngine()
    const other = testHub.listen("/a")
    await flushPromises()
    for (let i = 0; i < 3; i++) await testHub.hub.publish(testHub.draft("/a"))
    const listener = testHub.listen("/a", { epoch: "remote1", offset: 1 })
    for (let i = 0; i < 3; i++) await testHub.hub.publish(testHub.draft("/a"))
    await flushPromises()
    testHub.settle()
    expect(listener.offsets).toEqual([2, 3, 4, 5, 6])
    expect(other.offsets).toEqual([1, 2, 3, 4, 5, 6])
  })
})
