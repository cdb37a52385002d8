import { describe, expect, test } from "bun:test"
import { LabaError } from "../../wire/error.ts"
import { breathe, channelOf, groups, keepAll, Rehearsal, RehearsedListener, startFar } from "./rehearsal.ts"

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)

describe("fan-out", () => {
  test("gives a listener what is published after it joined, in order, after its cursor", () => {
    const rehearsal = new Rehearsal()
    rehearsal.publish("/a", 2)
    const listener = rehearsal.listen("/a")
    rehearsal.publish("/a", 3)
    rehearsal.settle()
    expect(listener.heard).toEqual(["start 2", "3", "4", "5"])
  })

  test("writes once a group for all that came in one turn", () => {
    const rehearsal = new Rehearsal()
    groups.length = 0
    const listeners = range(1, 10).map(() => rehearsal.listen("/a"))
    rehearsal.publish("/a", 20)
    expect(rehearsal.settle()).toBe(1)
    expect(groups.map((group) => group.writes)).toEqual([1])
    for (const listener of listeners) expect(listener.offsets).toEqual(range(1, 20))
  })

  test("slices a big audience over turns, and everybody still hears everything once and in order", () => {
    const rehearsal = new Rehearsal()
    const early = range(1, 3000).map(() => rehearsal.listen("/big"))
    rehearsal.publish("/big", 3)
    rehearsal.turn()
    const heardAtOnce = early.filter((listener) => listener.offsets.length > 0).length
    expect(heardAtOnce).toBeGreaterThan(0)
    expect(heardAtOnce).toBeLessThan(3000)
    // Somebody joins in the middle: from the head on, nothing twice.
    const late = rehearsal.listen("/big")
    rehearsal.publish("/big", 2)
    rehearsal.settle()
    for (const listener of early) expect(listener.offsets).toEqual([1, 2, 3, 4, 5])
    expect(late.heard).toEqual(["start 3", "4", "5"])
  })

  test("serves a small channel while a big one is busy", () => {
    const rehearsal = new Rehearsal()
    for (let i = 0; i < 20_000; i++) rehearsal.listen("/big")
    const small = rehearsal.listen("/small")
    rehearsal.publish("/big")
    rehearsal.turn()
    rehearsal.publish("/small")
    rehearsal.turn()
    rehearsal.turn()
    expect(small.offsets).toEqual([1])
  })

  test("starves no bucket while messages keep coming", () => {
    const rehearsal = new Rehearsal()
    const listeners = range(1, 4000).map(() => rehearsal.listen("/big"))
    for (let i = 0; i < 40; i++) {
      rehearsal.publish("/big")
      rehearsal.turn()
    }
    expect(listeners.filter((listener) => listener.offsets.length === 0)).toEqual([])
    rehearsal.settle()
    for (const listener of listeners) expect(listener.offsets).toEqual(range(1, 40))
  })

  test("a listener that left hears nothing more, and the others go on", () => {
    const rehearsal = new Rehearsal()
    const [first, second] = [rehearsal.listen("/a"), rehearsal.listen("/a")]
    rehearsal.publish("/a")
    rehearsal.settle()
    rehearsal.hub.leave(first)
    rehearsal.hub.leave(first)
    rehearsal.publish("/a")
    rehearsal.settle()
    expect(first.offsets).toEqual([1])
    expect(second.offsets).toEqual([1, 2])
  })
})

describe("resuming", () => {
  test("replays exactly what was missed from every point", async () => {
    const rehearsal = new Rehearsal()
    rehearsal.publish("/a", 10)
    for (const offset of range(0, 10)) {
      const listener = rehearsal.listen("/a", { epoch: "run1", offset })
      await breathe()
      expect(listener.heard).toEqual([`start ${offset} recovered`, ...range(offset + 1, 10).map(String)])
    }
  })

  test("loses and doubles nothing that is published while a listener reads history page by page", async () => {
    const rehearsal = new Rehearsal({ outboxBytesMax: 40 })
    rehearsal.publish("/a", 100)
    const listener = new RehearsedListener()
    let open: () => void = () => undefined
    listener.gate = new Promise((resolve) => {
      open = resolve
    })
    rehearsal.hub.join(listener, channelOf("/a"), { epoch: "run1", offset: 0 })
    await breathe()
    expect(listener.heard).toEqual([])
    rehearsal.publish("/a", 5)
    rehearsal.settle()
    listener.gate = null
    open()
    for (let i = 0; i < 30; i++) await breathe()
    rehearsal.publish("/a", 5)
    rehearsal.settle()
    expect(listener.offsets).toEqual(range(1, 110))
  })

  test("answers a reset to an unknown epoch, a future offset and a trimmed place, then goes on live from the tail", async () => {
    const rule = { ...keepAll, keep: { count: 3, bytes: 1e6, timeMs: 60_000 } }
    const rehearsal = new Rehearsal({ rule })
    rehearsal.publish("/a", 10)
    const foreign = rehearsal.listen("/a", { epoch: "other", offset: 10 })
    const future = rehearsal.listen("/a", { epoch: "run1", offset: 11 })
    const trimmed = rehearsal.listen("/a", { epoch: "run1", offset: 6 })
    const last = rehearsal.listen("/a", { epoch: "run1", offset: 7 })
    await breathe()
    rehearsal.publish("/a")
    rehearsal.settle()
    expect(foreign.heard).toEqual(["start 10", "reset 10 epoch", "11"])
    expect(future.heard).toEqual(["start 10", "reset 10 epoch", "11"])
    expect(trimmed.heard).toEqual(["start 10", "reset 10 trimmed", "11"])
    expect(last.heard).toEqual(["start 7 recovered", "8", "9", "10", "11"])
  })

  test("answers a reset to every cursor of a channel without history", async () => {
    const rehearsal = new Rehearsal({ rule: { ...keepAll, keep: null } })
    rehearsal.publish("/a", 2)
    const listener = rehearsal.listen("/a", { epoch: "run1", offset: 2 })
    rehearsal.publish("/a")
    rehearsal.settle()
    expect(listener.heard).toEqual(["start 2", "reset 2 no-history", "3"])
  })
})

describe("forgetting a channel", () => {
  test("ends everybody with `deleted`, and old cursors are reset afterwards", async () => {
    const rehearsal = new Rehearsal()
    rehearsal.publish("/a", 5)
    const listener = rehearsal.listen("/a")
    expect(await rehearsal.hub.forget(channelOf("/a"))).toEqual({ messages: 5, listeners: 1 })
    expect(listener.heard).toEqual(["start 5", "end deleted"])
    rehearsal.publish("/a", 6)
    const back = rehearsal.listen("/a", { epoch: "run1", offset: 5 })
    await breathe()
    expect(back.heard).toEqual(["start 6", "reset 6 epoch"])
  })
})

describe("overload", () => {
  test("makes publishes wait for lagging listeners, numbers nothing meanwhile, and loses nothing", async () => {
    const rehearsal = new Rehearsal()
    const listeners = range(1, 5000).map(() => rehearsal.listen("/big"))
    const accepted: number[] = []
    for (let i = 0; i < 300; i++) {
      void Promise.resolve(rehearsal.hub.publish(rehearsal.draft("/big"))).then((published) => {
        accepted.push(published.position.offset)
      })
    }
    await breathe()
    expect(accepted.length).toBeLessThan(300)
    for (let i = 0; i < 2000 && accepted.length < 300; i++) {
      rehearsal.turn()
      await breathe()
    }
    rehearsal.settle()
    expect(accepted).toEqual(range(1, 300))
    for (const listener of [listeners[0], listeners[4999]]) expect(listener?.offsets).toEqual(range(1, 300))
  })

  test("refuses with `overloaded` when too many publishes wait already", async () => {
    const rehearsal = new Rehearsal()
    rehearsal.listen("/a")
    const refused: unknown[] = []
    for (let i = 0; i < 2200; i++) {
      void Promise.resolve(rehearsal.hub.publish(rehearsal.draft("/a"))).catch((error: unknown) =>
        refused.push(error),
      )
    }
    await breathe()
    expect(refused.length).toBeGreaterThan(0)
    expect(refused.every((error) => error instanceof LabaError && error.code === "overloaded")).toBe(true)
    for (let i = 0; i < 100; i++) {
      rehearsal.turn()
      await breathe()
    }
  })
})

describe("an engine in another process", () => {
  test("a hole in the numbers is fetched once and given in order", async () => {
    const { rehearsal, engine } = startFar()
    const listener = rehearsal.listen("/a")
    await breathe()
    engine.deaf = true
    await rehearsal.hub.publish(rehearsal.draft("/a"))
    await rehearsal.hub.publish(rehearsal.draft("/a"))
    engine.deaf = false
    await rehearsal.hub.publish(rehearsal.draft("/a"))
    await breathe()
    rehearsal.settle()
    expect(listener.heard).toEqual(["start 0", "1", "2", "3"])
  })

  test("that cannot forget ends everybody all the same, and they come back to what is still there", async () => {
    const { rehearsal, engine } = startFar()
    const listener = rehearsal.listen("/a")
    await breathe()
    await rehearsal.hub.publish(rehearsal.draft("/a"))
    rehearsal.settle()
    engine.away = new LabaError("engine_unavailable", "away")
    expect(rehearsal.hub.forget(channelOf("/a"))).rejects.toThrow("away")
    await breathe()
    expect(listener.heard).toEqual(["start 0", "1", "end engine_unavailable"])
    expect(engine.listened.size).toBe(0)
    const back = rehearsal.listen("/a", { epoch: "far1", offset: 0 })
    await breathe()
    rehearsal.settle()
    expect(back.heard).toEqual(["start 0 recovered", "1"])
  })

  test("lost data becomes a reset for everybody, never silence", async () => {
    const { rehearsal, engine } = startFar()
    const listener = rehearsal.listen("/a")
    await breathe()
    await rehearsal.hub.publish(rehearsal.draft("/a"))
    rehearsal.settle()
    engine.epoch = "far2"
    engine.log.length = 0
    rehearsal.hub.lost("all")
    await breathe()
    await rehearsal.hub.publish(rehearsal.draft("/a"))
    rehearsal.settle()
    expect(listener.heard).toEqual(["start 0", "1", "reset 0 epoch", "1"])
  })

  test("what is published while history travels comes from the ring, once and in order", async () => {
    const { rehearsal, engine } = startFar()
    const other = rehearsal.listen("/a")
    await breathe()
    for (let i = 0; i < 3; i++) await rehearsal.hub.publish(rehearsal.draft("/a"))
    rehearsal.settle()
    const arrival = Promise.withResolvers<void>()
    engine.travel = arrival.promise
    const listener = rehearsal.listen("/a", { epoch: "far1", offset: 1 })
    for (let i = 0; i < 40; i++) {
      await rehearsal.hub.publish(rehearsal.draft("/a"))
      // The others are up to date all the time, so the ring is kept for this one listener alone.
      rehearsal.settle()
    }
    arrival.resolve()
    await breathe()
    await rehearsal.hub.publish(rehearsal.draft("/a"))
    rehearsal.settle()
    expect(listener.heard).toEqual(["start 1 recovered", ...range(2, 44).map(String)])
    expect(other.offsets).toEqual(range(1, 44))
  })

  test("a listener that the ring has left behind reads history again", async () => {
    const { rehearsal, engine } = startFar()
    rehearsal.listen("/a")
    await breathe()
    await rehearsal.hub.publish(rehearsal.draft("/a"))
    const arrival = Promise.withResolvers<void>()
    engine.travel = arrival.promise
    const listener = rehearsal.listen("/a", { epoch: "far1", offset: 0 })
    for (let i = 0; i < 1500; i++) {
      await rehearsal.hub.publish(rehearsal.draft("/a"))
      rehearsal.settle()
    }
    engine.travel = Promise.resolve()
    arrival.resolve()
    await breathe()
    rehearsal.settle()
    expect(listener.offsets).toEqual(range(1, 1501))
  })

  test("a message that arrives while history is read is given once", async () => {
    const { rehearsal } = startFar()
    const other = rehearsal.listen("/a")
    await breathe()
    for (let i = 0; i < 3; i++) await rehearsal.hub.publish(rehearsal.draft("/a"))
    const listener = rehearsal.listen("/a", { epoch: "far1", offset: 1 })
    for (let i = 0; i < 3; i++) await rehearsal.hub.publish(rehearsal.draft("/a"))
    await breathe()
    rehearsal.settle()
    expect(listener.offsets).toEqual([2, 3, 4, 5, 6])
    expect(other.offsets).toEqual([1, 2, 3, 4, 5, 6])
  })
})
