// Listeners that are slow, share a connection, or have left while something was still on its way to them.
import { describe, expect, test } from "bun:test"
import {
  flushPromises,
  channelOf,
  keepAll,
  TestHub,
  RecordingListener,
  startOnRemoteEngine,
} from "./testing/test-hub.ts"

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)

/** A listener that takes so many messages and then no more, until it is drained. */
function stallAfter(count: number): { listener: RecordingListener; drain: () => void } {
  const listener = new RecordingListener()
  const stalled = Promise.withResolvers<void>()
  let drained = false
  listener.ready = () => (!drained && listener.offsets.length >= count ? stalled.promise : null)
  const drain = () => {
    drained = true
    stalled.resolve()
  }
  return { listener, drain }
}

/** A listener that stalls after 10 of the 30 messages that are replayed to it, on a channel that lets it skip, and is found slow. */
async function slowInReplay() {
  const testHub = new TestHub({ rule: { ...keepAll, slow: "latest" }, outboxBytesMax: 40 })
  testHub.publish("/a", 30)
  const { listener, drain } = stallAfter(10)
  testHub.hub.join(listener, channelOf("/a"), { epoch: "run1", offset: 0 })
  await flushPromises()
  return { testHub, listener, drain, resume: testHub.hub.startSkipping(listener) }
}

describe("listeners that take no more for now", () => {
  test("are given what follows once they take it again, without a word and without a gap, and the channel stays open meanwhile", async () => {
    const testHub = new TestHub()
    const { listener, drain } = stallAfter(2)
    testHub.hub.join(listener, channelOf("/a"), null)
    testHub.publish("/a", 2)
    testHub.settle()
    testHub.hub.pause(listener, { epoch: "run1", offset: 2 })
    testHub.publish("/a", 3)
    testHub.settle()
    await flushPromises()
    expect(listener.heard).toEqual(["start 0", "1", "2"])
    drain()
    await flushPromises()
    testHub.publish("/a")
    testHub.settle()
    expect(listener.heard).toEqual(["start 0", "1", "2", "3", "4", "5", "6"])
  })

  test("are given anew what they did not take of what they were just given, live or replayed", async () => {
    const testHub = new TestHub()
    const listener = new RecordingListener()
    let room = 2
    let wake = Promise.withResolvers<void>()
    listener.ready = () => (room > 0 ? null : wake.promise)
    listener.write = (messages) => {
      for (const { message } of messages) {
        const { epoch, offset } = message
        if (room === 0) return testHub.hub.pause(listener, { epoch, offset: offset - 1 })
        room--
        listener.heard.push(String(offset))
      }
    }
    testHub.hub.join(listener, channelOf("/a"), null)
    testHub.publish("/a", 9)
    testHub.settle()
    for (const upTo of [5, 8, 9]) {
      await flushPromises()
      room = 3
      wake.resolve()
      wake = Promise.withResolvers()
      await flushPromises()
      expect(listener.offsets).toEqual(range(1, upTo))
    }
    testHub.publish("/a")
    testHub.settle()
    expect(listener.offsets).toEqual(range(1, 10))
  })

  test("change nothing by it when they are not live", async () => {
    const testHub = new TestHub()
    testHub.publish("/a", 3)
    const listener = new RecordingListener()
    const after = { epoch: "run1", offset: 0 }
    testHub.hub.pause(listener, after)
    testHub.hub.join(listener, channelOf("/a"), { epoch: "run1", offset: 0 })
    testHub.hub.pause(listener, after)
    await flushPromises()
    expect(listener.offsets).toEqual([1, 2, 3])
    testHub.hub.leave(listener)
    testHub.hub.pause(listener, after)
    expect(listener.hubState).toBeNull()
  })
})

describe("slow readers", () => {
  test("skip to the newest message where the rule says so, and are told", () => {
    const testHub = new TestHub({ rule: { ...keepAll, slow: "latest" } })
    const slow = testHub.listen("/a")
    const fast = testHub.listen("/a")
    testHub.publish("/a", 2)
    testHub.settle()
    const resume = testHub.hub.startSkipping(slow)
    testHub.publish("/a", 3)
    testHub.settle()
    resume?.()
    testHub.publish("/a")
    testHub.settle()
    expect(slow.heard).toEqual(["start 0", "1", "2", "reset 4 skipped", "5", "6"])
    expect(fast.offsets).toEqual(range(1, 6))
  })

  test("are to be closed where the rule says nothing", () => {
    const testHub = new TestHub()
    expect(testHub.hub.startSkipping(testHub.listen("/a"))).toBeNull()
    expect(testHub.counters.slowClosed).toBe(1)
  })

  test("[C15] skip while they are replayed: nothing older comes after the newest, nothing twice, and no ghost is left", async () => {
    const { testHub, listener, drain, resume } = await slowInReplay()
    testHub.publish("/a", 3)
    testHub.settle()
    resume?.()
    drain()
    for (let i = 0; i < 10; i++) await flushPromises()
    testHub.publish("/a")
    testHub.settle()
    const given = [...range(1, 10).map(String), "reset 32 skipped", "33", "34"]
    expect(listener.heard).toEqual(["start 0 recovered", ...given])
    testHub.hub.leave(listener)
    expect(testHub.hub.listenedChannels).toBe(0)
    testHub.publish("/a")
    testHub.settle()
    expect(listener.heard.length).toBe(given.length + 1)
  })

  test("that skip a replay are given the newest though nothing came meanwhile: it is read", async () => {
    const { testHub, listener, drain, resume } = await slowInReplay()
    drain()
    resume?.()
    for (let i = 0; i < 10; i++) await flushPromises()
    testHub.publish("/a")
    testHub.settle()
    expect(listener.heard.slice(-3)).toEqual(["reset 29 skipped", "30", "31"])
  })

  test("[C15] that skip are told when the numbering has begun anew meanwhile, however its numbers look", async () => {
    const { testHub, engine } = startOnRemoteEngine({ ...keepAll, slow: "latest" })
    const listener = testHub.listen("/a")
    await flushPromises()
    for (let i = 0; i < 3; i++) await testHub.hub.publish(testHub.draft("/a"))
    testHub.settle()
    const resume = testHub.hub.startSkipping(listener)
    engine.epoch = "remote2"
    engine.log.length = 0
    for (let i = 0; i < 3; i++) await testHub.hub.publish(testHub.draft("/a"))
    testHub.hub.lost(channelOf("/a"))
    await flushPromises()
    testHub.settle()
    resume?.()
    await testHub.hub.publish(testHub.draft("/a"))
    testHub.settle()
    expect(listener.heard).toEqual(["start 0", "1", "2", "3", "reset 3 epoch", "4"])
  })

  test("whose channel is still being opened are heard by their rule, and skip nothing", async () => {
    for (const slow of ["latest", "disconnect"] as const) {
      const { testHub } = startOnRemoteEngine({ ...keepAll, slow })
      const listener = testHub.listen("/a")
      const resume = testHub.hub.startSkipping(listener)
      expect(resume === null).toBe(slow === "disconnect")
      await flushPromises()
      resume?.()
      expect(listener.heard).toEqual(["start 0"])
    }
  })

  test("that were made to skip twice come back once", () => {
    const testHub = new TestHub({ rule: { ...keepAll, slow: "latest" } })
    const slow = testHub.listen("/a")
    const resumes = [testHub.hub.startSkipping(slow), testHub.hub.startSkipping(slow)]
    testHub.publish("/a")
    for (const resume of resumes) resume?.()
    testHub.settle()
    expect(slow.heard).toEqual(["start 0", "1"])
    expect(testHub.counters.slowSkipped).toBe(1)
  })
})

describe("one connection that resumes many channels", () => {
  test("is asked before every page, and given one page at a time", async () => {
    const { testHub } = startOnRemoteEngine(keepAll, 40)
    const names = range(1, 64).map((number) => `/${number}`)
    // All share the log of the engine: it has one.
    for (let i = 0; i < 20; i++) await testHub.hub.publish(testHub.draft("/any"))
    const outbox = { waiting: 0, most: 0, waiters: [] as (() => void)[] }
    const listeners = names.map(() => {
      const listener = new RecordingListener()
      listener.outbox = outbox
      listener.ready = () =>
        outbox.waiting === 0 ? null : new Promise((resolve) => void outbox.waiters.push(resolve))
      const write = listener.write.bind(listener)
      listener.write = (messages) => {
        outbox.waiting += messages.length
        outbox.most = Math.max(outbox.most, outbox.waiting)
        write(messages)
      }
      return listener
    })
    for (const [index, listener] of listeners.entries())
      testHub.hub.join(listener, channelOf(names[index] as string), { epoch: "remote1", offset: 0 })
    for (let drains = 0; drains < 200; drains++) {
      await flushPromises()
      outbox.waiting = 0
      for (const resolve of outbox.waiters.splice(0)) resolve()
    }
    for (const listener of listeners) expect(listener.offsets).toEqual(range(1, 20))
    expect(outbox.most).toBe(10)
  })
})

describe("listeners that have left", () => {
  test("while their replay fails are not ended once more", async () => {
    const { testHub, engine } = startOnRemoteEngine()
    await testHub.hub.publish(testHub.draft("/a"))
    const travel = Promise.withResolvers<void>()
    engine.travel = travel.promise
    const after = { epoch: "remote1", offset: 0 }
    const [stays, gone] = [testHub.listen("/a", after), testHub.listen("/a", after)]
    await flushPromises()
    testHub.hub.leave(gone)
    travel.reject(new Error("away"))
    await flushPromises()
    expect([...stays.heard, ...gone.heard]).toEqual(["end engine_unavailable"])
  })

  test("on being served, as polls do, close nothing behind whoever joins just then", () => {
    const testHub = new TestHub()
    const poll = testHub.listen("/a")
    const write = poll.write.bind(poll)
    poll.write = (messages) => {
      write(messages)
      testHub.hub.leave(poll)
    }
    // The fan-out has not come to it: it is served by the one who joins its bucket.
    testHub.publish("/a")
    const joins = testHub.listen("/a")
    testHub.publish("/a")
    testHub.settle()
    expect([poll.heard, joins.heard]).toEqual([
      ["start 0", "1"],
      ["start 1", "2"],
    ])
  })

  test("while a deleted channel's listeners are ended in slices are not ended once more", async () => {
    const testHub = new TestHub()
    const listeners = range(1, 500).map(() => testHub.listen("/a"))
    await testHub.hub.forget(channelOf("/a"))
    const last = listeners.at(-1) as RecordingListener
    expect(last.heard).toEqual(["start 0"])
    testHub.hub.leave(last)
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => void setImmediate(resolve))
    expect(last.heard).toEqual(["start 0"])
    expect(listeners.filter(({ heard }) => heard.at(-1) === "end deleted").length).toBe(499)
  })

  test("before their channel was open are in nothing, and may join again", async () => {
    const { testHub } = startOnRemoteEngine()
    const listener = testHub.listen("/a")
    testHub.hub.leave(listener)
    testHub.hub.join(listener, channelOf("/b"), null)
    await flushPromises()
    await testHub.hub.publish(testHub.draft("/a"))
    testHub.settle()
    expect(listener.heard).toEqual(["start 0"])
    expect(testHub.hub.listenedChannels).toBe(1)
  })
})
