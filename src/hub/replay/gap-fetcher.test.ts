// The hub with an engine that answers later: what it missed is fetched once, and nobody is live where nothing is delivered.
import { expect, test } from "bun:test"
import type { Position } from "../../../wire/cursor.ts"
import type { Draft, Engine, EngineEvents, Message, HistoryPage } from "../../engines/engine.ts"
import { flushPromises, channelOf, TestHub } from "../testing/test-hub.ts"

/** Answers a microtask later, delivers only when told to, and counts what it is asked. */
class SlowEngine implements Engine {
  readonly log: Message[] = []
  readonly asked = { history: 0, listen: 0, unlisten: 0 }
  readonly events: EngineEvents
  /** Answers to `history` wait for it. */
  gate: Promise<void> = Promise.resolve()

  constructor(events: EngineEvents) {
    this.events = events
  }

  async publish(draft: Draft) {
    const message: Message = { ...draft, time: 0, epoch: "slow", offset: this.log.length + 1 }
    this.log.push(message)
    return { position: message, id: draft.id, duplicate: false }
  }

  async listen(): Promise<Position> {
    this.asked.listen++
    await Promise.resolve()
    return { epoch: "slow", offset: this.log.length }
  }

  unlisten(): void {
    this.asked.unlisten++
  }

  async history(_channel: unknown, after: Position): Promise<HistoryPage> {
    this.asked.history++
    const messages = this.log.slice(after.offset)
    const tail = { epoch: "slow", offset: this.log.length }
    await this.gate
    return { messages, more: false, tail }
  }

  async state() {
    return {
      tail: { epoch: "slow", offset: this.log.length },
      history: "kept" as const,
      kept: 0,
      newest: null,
    }
  }

  forget(): number {
    return 0
  }

  close(): void {}
}

function start() {
  let engine!: SlowEngine
  const testHub = new TestHub({
    engine(events) {
      engine = new SlowEngine(events)
      return engine
    },
  })
  return { testHub, engine, hub: testHub.hub }
}

test("a loss that is told many times while it is made up for costs one fetch, and one more for what came meanwhile", async () => {
  const { testHub, engine, hub } = start()
  const listeners = [testHub.listen("/a"), testHub.listen("/a"), testHub.listen("/a")]
  await flushPromises()
  for (let i = 0; i < 5; i++) await hub.publish(testHub.draft("/a"))
  let open = () => {}
  engine.gate = new Promise((resolve) => {
    open = resolve
  })
  engine.events.lost(channelOf("/a"))
  await hub.publish(testHub.draft("/a"))
  for (let i = 0; i < 10; i++) engine.events.lost(channelOf("/a"))
  // It does not follow what was given before, and says so once more.
  engine.events.deliver(engine.log[5] as Message)
  open()
  await flushPromises()
  testHub.settle()
  expect(engine.asked.history).toBe(2)
  for (const listener of listeners) expect(listener.offsets).toEqual([1, 2, 3, 4, 5, 6])
})

test("what a listener read and the channel has not heard yet is given to all, and once", async () => {
  const { testHub, engine, hub } = start()
  const live = testHub.listen("/a")
  await flushPromises()
  for (let i = 0; i < 3; i++) await hub.publish(testHub.draft("/a"))
  const late = testHub.listen("/a", { epoch: "slow", offset: 1 })
  await flushPromises()
  testHub.settle()
  await flushPromises()
  for (const message of engine.log) engine.events.deliver(message)
  testHub.settle()
  expect(live.offsets).toEqual([1, 2, 3])
  expect(late.offsets).toEqual([2, 3])
})

test("who joins in the turn after `prepare` listens at once", async () => {
  const { testHub, hub } = start()
  const release = await hub.prepare(channelOf("/a"))
  const listener = testHub.listen("/a")
  release()
  expect(listener.heard).toEqual(["start 0"])
  expect(hub.listenersOf(channelOf("/a"))).toBe(1)
})

test("a channel that was prepared for nobody is closed again", async () => {
  const { engine, hub } = start()
  const release = await hub.prepare(channelOf("/a"))
  release()
  expect(hub.listenedChannels).toBe(0)
  expect(engine.asked).toMatchObject({ listen: 1, unlisten: 1 })
})

test("who waited for a channel together with one that has gone listens all the same", async () => {
  const { testHub, engine, hub } = start()
  const gone = testHub.listen("/a")
  const stays = testHub.listen("/a")
  gone.closed = true
  await flushPromises()
  await hub.publish(testHub.draft("/a"))
  engine.events.deliver(engine.log[0] as Message)
  testHub.settle()
  expect(stays.heard).toEqual(["start 0", "1"])
  expect(gone.heard).toEqual([])
})
