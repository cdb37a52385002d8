// Listeners that are slow, share a connection, or have left while something was still on its way to them.
import { describe, expect, test } from "bun:test"
import { breathe, channelOf, keepAll, Rehearsal, RehearsedListener, startFar } from "./rehearsal.ts"

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)

/** A listener that takes so many messages and then no more, until it is drained. */
function stallAfter(count: number): { listener: RehearsedListener; drain: () => void } {
  const listener = new RehearsedListener()
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
  const rehearsal = new Rehearsal({ rule: { ...keepAll, slow: "latest" }, outboxBytesMax: 40 })
  rehearsal.publish("/a", 30)
  const { listener, drain } = stallAfter(10)
  rehearsal.hub.join(listener, channelOf("/a"), { epoch: "run1", offset: 0 })
  await breathe()
  return { rehearsal, listener, drain, resume: rehearsal.hub.slow(listener) }
}

describe("slow readers", () => {
  test("skip to the newest message where the rule says so, and are told", () => {
    const rehearsal = new Rehearsal({ rule: { ...keepAll, slow: "latest" } })
    const slow = rehearsal.listen("/a")
    const fast = rehearsal.listen("/a")
    rehearsal.publish("/a", 2)
    rehearsal.settle()
    const resume = rehearsal.hub.slow(slow)
    rehearsal.publish("/a", 3)
    rehearsal.settle()
    resume?.()
    rehearsal.publish("/a")
    rehearsal.settle()
    expect(slow.heard).toEqual(["start 0", "1", "2", "reset 4 skipped", "5", "6"])
    expect(fast.offsets).toEqual(range(1, 6))
  })

  test("are to be closed where the rule says nothing", () => {
    const rehearsal = new Rehearsal()
    expect(rehearsal.hub.slow(rehearsal.listen("/a"))).toBeNull()
    expect(rehearsal.counters.slowClosed).toBe(1)
  })

  test("[C15] skip while they are replayed: nothing older comes after the newest, nothing twice, and no ghost is left", async () => {
    const { rehearsal, listener, drain, resume } = await slowInReplay()
    rehearsal.publish("/a", 3)
    rehearsal.settle()
    resume?.()
    drain()
    for (let i = 0; i < 10; i++) await breathe()
    rehearsal.publish("/a")
    rehearsal.settle()
    const given = [...range(1, 10).map(String), "reset 32 skipped", "33", "34"]
    expect(listener.heard).toEqual(["start 0 recovered", ...given])
    rehearsal.hub.leave(listener)
    expect(rehearsal.hub.channelsHeard).toBe(0)
    rehearsal.publish("/a")
    rehearsal.settle()
    expect(listener.heard.length).toBe(given.length + 1)
  })

  test("that skip a replay are given the newest though nothing came meanwhile: it is read", async () => {
    const { rehearsal, listener, drain, resume } = await slowInReplay()
    drain()
    resume?.()
    for (let i = 0; i < 10; i++) await breathe()
    rehearsal.publish("/a")
    rehearsal.settle()
    expect(listener.heard.slice(-3)).toEqual(["reset 29 skipped", "30", "31"])
  })

  test("[C15] that skip are told when the numbering has begun anew meanwhile, however its numbers look", async () => {
    const { rehearsal, engine } = startFar({ ...keepAll, slow: "latest" })
    const listener = rehearsal.listen("/a")
    await breathe()
    for (let i = 0; i < 3; i++) await rehearsal.hub.publish(rehearsal.draft("/a"))
    rehearsal.settle()
    const resume = rehearsal.hub.slow(listener)
    engine.epoch = "far2"
    engine.log.length = 0
    for (let i = 0; i < 3; i++) await rehearsal.hub.publish(rehearsal.draft("/a"))
    rehearsal.hub.lost("all")
    await breathe()
    rehearsal.settle()
    resume?.()
    await rehearsal.hub.publish(rehearsal.draft("/a"))
    rehearsal.settle()
    expect(listener.heard).toEqual(["start 0", "1", "2", "3", "reset 3 epoch", "4"])
  })

  test("whose channel is still being opened are heard by their rule, and skip nothing", async () => {
    for (const slow of ["latest", "disconnect"] as const) {
      const { rehearsal } = startFar({ ...keepAll, slow })
      const listener = rehearsal.listen("/a")
      const resume = rehearsal.hub.slow(listener)
      expect(resume === null).toBe(slow === "disconnect")
      await breathe()
      resume?.()
      expect(listener.heard).toEqual(["start 0"])
    }
  })

  test("that were set aside twice come back once", () => {
    const rehearsal = new Rehearsal({ rule: { ...keepAll, slow: "latest" } })
    const slow = rehearsal.listen("/a")
    const resumes = [rehearsal.hub.slow(slow), rehearsal.hub.slow(slow)]
    rehearsal.publish("/a")
    for (const resume of resumes) resume?.()
    rehearsal.settle()
    expect(slow.heard).toEqual(["start 0", "1"])
    expect(rehearsal.counters.slowSkipped).toBe(1)
  })
})

describe("one connection that resumes many channels", () => {
  test("is asked before every page, and given one page at a time", async () => {
    const { rehearsal } = startFar(keepAll, 40)
    const names = range(1, 64).map((number) => `/${number}`)
    // All share the log of the engine: it has one.
    for (let i = 0; i < 20; i++) await rehearsal.hub.publish(rehearsal.draft("/any"))
    const outbox = { waiting: 0, most: 0, waiters: [] as (() => void)[] }
    const listeners = names.map(() => {
      const listener = new RehearsedListener()
      listener.outbox = outbox
      listener.ready = () =>
        outbox.waiting === 0 ? null : new Promise((resolve) => void outbox.waiters.push(resolve))
      const write = listener.write.bind(listener)
      listener.write = (entries) => {
        outbox.waiting += entries.length
        outbox.most = Math.max(outbox.most, outbox.waiting)
        write(entries)
      }
      return listener
    })
    for (const [index, listener] of listeners.entries())
      rehearsal.hub.join(listener, channelOf(names[index] as string), { epoch: "far1", offset: 0 })
    for (let drains = 0; drains < 200; drains++) {
      await breathe()
      outbox.waiting = 0
      for (const resolve of outbox.waiters.splice(0)) resolve()
    }
    for (const listener of listeners) expect(listener.offsets).toEqual(range(1, 20))
    expect(outbox.most).toBe(10)
  })
})

describe("listeners that have left", () => {
  test("while their replay fails are not ended once more", async () => {
    const { rehearsal, engine } = startFar()
    await rehearsal.hub.publish(rehearsal.draft("/a"))
    const travel = Promise.withResolvers<void>()
    engine.travel = travel.promise
    const after = { epoch: "far1", offset: 0 }
    const [stays, gone] = [rehearsal.listen("/a", after), rehearsal.listen("/a", after)]
    await breathe()
    rehearsal.hub.leave(gone)
    travel.reject(new Error("away"))
    await breathe()
    expect([...stays.heard, ...gone.heard]).toEqual(["end engine_unavailable"])
  })

  test("on being served, as polls do, close nothing behind whoever joins just then", () => {
    const rehearsal = new Rehearsal()
    const poll = rehearsal.listen("/a")
    const write = poll.write.bind(poll)
    poll.write = (entries) => {
      write(entries)
      rehearsal.hub.leave(poll)
    }
    // The fan-out has not come to it: it is served by the one who joins its bucket.
    rehearsal.publish("/a")
    const joins = rehearsal.listen("/a")
    rehearsal.publish("/a")
    rehearsal.settle()
    expect([poll.heard, joins.heard]).toEqual([
      ["start 0", "1"],
      ["start 1", "2"],
    ])
  })

  test("while a deleted channel's listeners are ended in slices are not ended once more", async () => {
    const rehearsal = new Rehearsal()
    const listeners = range(1, 500).map(() => rehearsal.listen("/a"))
    await rehearsal.hub.forget(channelOf("/a"))
    const last = listeners.at(-1) as RehearsedListener
    expect(last.heard).toEqual(["start 0"])
    rehearsal.hub.leave(last)
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => void setImmediate(resolve))
    expect(last.heard).toEqual(["start 0"])
    expect(listeners.filter(({ heard }) => heard.at(-1) === "end deleted").length).toBe(499)
  })

  test("before their channel was open are in nothing, and may join again", async () => {
    const { rehearsal } = startFar()
    const listener = rehearsal.listen("/a")
    rehearsal.hub.leave(listener)
    rehearsal.hub.join(listener, channelOf("/b"), null)
    await breathe()
    await rehearsal.hub.publish(rehearsal.draft("/a"))
    rehearsal.settle()
    expect(listener.heard).toEqual(["start 0"])
    expect(rehearsal.hub.channelsHeard).toBe(1)
  })
})
