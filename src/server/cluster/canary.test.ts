import { expect, test } from "bun:test"
import type { Receipt } from "../../engines/engine.ts"
import { flushPromises, channelOf, TestHub } from "../../hub/testing/test-hub.ts"
import { Canary } from "./canary.ts"

function open() {
  const testHub = new TestHub()
  const { hub } = testHub
  const clock = { ms: 0 }
  const changes: boolean[] = []
  const engine = { isMute: false }
  const nothing: Receipt = { position: { epoch: "e", offset: 1 }, id: "1", duplicate: false }
  const canary = new Canary({
    channel: channelOf("/laba/canary"),
    hub,
    engine: { publish: (draft, keep) => (engine.isMute ? nothing : hub.engine.publish(draft, keep)) },
    onChange: (isDeaf) => changes.push(isDeaf),
    now: () => clock.ms,
    manual: true,
  })
  const pass = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds; i++) {
      clock.ms += 1000
      canary.beat()
      await flushPromises()
      testHub.settle()
    }
  }
  return { canary, engine, changes, pass, hub }
}

test("a node that hears what it sends itself is not deaf", async () => {
  const { canary, changes, pass } = open()
  await pass(60)
  expect(canary.isDeaf).toBe(false)
  expect(changes).toEqual([])
  canary.stop()
})

test("[K6] when nothing is heard any more the node is deaf within five seconds, and told so once", async () => {
  const { canary, engine, changes, pass } = open()
  await pass(5)
  engine.isMute = true
  await pass(2)
  expect(canary.isDeaf).toBe(false)
  await pass(3)
  expect(canary.isDeaf).toBe(true)
  await pass(30)
  expect(changes).toEqual([true])
  engine.isMute = false
  await pass(2)
  expect(canary.isDeaf).toBe(false)
  expect(changes).toEqual([true, false])
  canary.stop()
})

test("a canary whose channel was ended by the engine listens again", async () => {
  const { canary, hub, pass } = open()
  await pass(2)
  await hub.forget(channelOf("/laba/canary"))
  await pass(10)
  expect(canary.isDeaf).toBe(false)
  canary.stop()
})
