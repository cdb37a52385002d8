// An outage that costs everybody a reload: who is told when, and that nobody hears anything before.
import { expect, test } from "bun:test"
import type { PageBounds } from "../../engines/engine.ts"
import type { Position } from "../../../wire/cursor.ts"
import { RemoteEngine } from "../testing/remote-engine.ts"
import { resetsPerSecond } from "./paced-resets.ts"
import { channelOf, TestHub } from "../testing/test-hub.ts"

/** Counts how many are asked for history at once. */
class CountingEngine extends RemoteEngine {
  asked = 0
  askedMax = 0

  override async history(channel: unknown, after: Position, keep: unknown, bounds: PageBounds) {
    this.asked++
    this.askedMax = Math.max(this.askedMax, this.asked)
    try {
      await Bun.sleep(1)
      return await super.history(channel, after, keep, bounds)
    } finally {
      this.asked--
    }
  }
}

function start() {
  let engine!: CountingEngine
  const testHub = new TestHub({ engine: (events) => (engine = new CountingEngine(events)) })
  return { testHub, hub: testHub.hub, engine }
}

test("a crowd is told to reload at a pace, and hears what comes next after that alone", async () => {
  const { testHub, hub, engine } = start()
  const crowd = Array.from({ length: resetsPerSecond + 500 }, () => testHub.listen("/a"))
  await Bun.sleep(5)
  engine.epoch = "remote2"
  hub.lost(channelOf("/a"))
  const told = () => crowd.filter(({ heard }) => heard.some((line) => line.startsWith("reset")))
  while (told().length === 0) await Bun.sleep(1)
  expect(told().length).toBe(resetsPerSecond)
  // One of those who wait leaves, and hears nothing of it.
  const leaver = crowd.find(({ heard }) => heard.length === 1)
  if (!leaver) throw new Error("nobody waits")
  hub.leave(leaver)
  await hub.publish(testHub.draft("/a"))
  testHub.settle()
  while (told().length < crowd.length - 1) {
    testHub.settle()
    await Bun.sleep(10)
  }
  await hub.publish(testHub.draft("/a"))
  testHub.settle()
  for (const listener of crowd) {
    if (listener === leaver) continue
    const [first, second, ...rest] = listener.heard
    expect(first).toBe("start 0")
    // At the head of the moment in which it is told, and everything from there on.
    const [, from] = /^reset ([01]) epoch$/.exec(second ?? "") ?? []
    expect(rest).toEqual(["1", "2"].slice(Number(from)))
  }
  expect(leaver.heard).toEqual(["start 0"])
})

test("after an outage history is read for some channels at once, not for all", async () => {
  const { testHub, hub, engine } = start()
  const listeners = Array.from({ length: 1000 }, (_, at) => testHub.listen(`/c/${at}`))
  await Bun.sleep(20)
  expect(hub.listenedChannels).toBe(1000)
  engine.epoch = "remote2"
  for (let at = 0; at < 1000; at++) hub.lost(channelOf(`/c/${at}`))
  while (!listeners.every(({ heard }) => heard.length === 2)) await Bun.sleep(5)
  expect(engine.askedMax).toBeLessThanOrEqual(64)
  expect(hub.listenersOf(channelOf("/c/1"))).toBe(1)
})
