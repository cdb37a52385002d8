import { expect, test } from "bun:test"
import type { Audience, UngroupedListener } from "../audience/audience.ts"
import { Ungrouped } from "../audience/listener-state.ts"
import { flushPromises, RecordingListener } from "../testing/test-hub.ts"
import { Replays } from "./replays.ts"

/** A replay of a reader with this outbox that takes nothing before the gate opens. */
function replayOf(outbox: object, gate: Promise<void> | null): UngroupedListener {
  const listener = new RecordingListener()
  listener.outbox = outbox
  listener.gate = gate
  const position = { epoch: "e", offset: 0 }
  const replay = new Ungrouped("replaying", { audience: {} as Audience, listener, position, started: false })
  listener.hubState = replay
  return replay
}

function start() {
  const given: UngroupedListener[] = []
  const replays = new Replays({
    async givePage(replay) {
      given.push(replay)
      replay.listener.hubState = null
      return "given"
    },
    fetchGap: () => Promise.resolve(),
    failed: () => undefined,
  })
  return { replays, given }
}

test("those of a reader that takes nothing are let go of when they are over, however many there were", async () => {
  const { replays, given } = start()
  const outbox = {}
  const gate = Promise.withResolvers<void>()
  for (let i = 0; i < 10_000; i++) {
    const replay = replayOf(outbox, gate.promise)
    replays.add(replay)
    replay.listener.hubState = null
  }
  await flushPromises()
  expect(replays.waiting).toBeLessThan(100)
  gate.resolve()
  await flushPromises()
  expect([replays.waiting, given.length]).toEqual([0, 0])
})

test("one that need not wait overtakes those that must", async () => {
  const { replays, given } = start()
  const outbox = {}
  const gate = Promise.withResolvers<void>()
  const [waits, goes] = [replayOf(outbox, gate.promise), replayOf(outbox, null)]
  replays.add(waits)
  await flushPromises()
  replays.add(goes)
  await flushPromises()
  expect(given).toEqual([goes])
  Object.assign(waits.listener, { gate: null })
  gate.resolve()
  await flushPromises()
  expect(given).toEqual([goes, waits])
  expect(replays.waiting).toBe(0)
})
