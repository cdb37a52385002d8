import { expect, test } from "bun:test"
import type { Audience } from "./audience.ts"
import { Outside } from "./membership.ts"
import { breathe, RehearsedListener } from "./rehearsal.ts"
import { Replays } from "./replays.ts"

/** A replay of a reader with this outbox that takes nothing before the gate opens. */
function replayOf(outbox: object, gate: Promise<void> | null): Outside {
  const listener = new RehearsedListener()
  listener.outbox = outbox
  listener.gate = gate
  const position = { epoch: "e", offset: 0 }
  const replay = new Outside("replaying", { audience: {} as Audience, listener, position, started: false })
  listener.membership = replay
  return replay
}

function start() {
  const given: Outside[] = []
  const replays = new Replays({
    async givePage(replay) {
      given.push(replay)
      replay.listener.membership = null
      return "given"
    },
    makeUp: () => Promise.resolve(),
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
    replay.listener.membership = null
  }
  await breathe()
  expect(replays.waiting).toBeLessThan(100)
  gate.resolve()
  await breathe()
  expect([replays.waiting, given.length]).toEqual([0, 0])
})

test("one that need not wait overtakes those that must", async () => {
  const { replays, given } = start()
  const outbox = {}
  const gate = Promise.withResolvers<void>()
  const [waits, goes] = [replayOf(outbox, gate.promise), replayOf(outbox, null)]
  replays.add(waits)
  await breathe()
  replays.add(goes)
  await breathe()
  expect(given).toEqual([goes])
  Object.assign(waits.listener, { gate: null })
  gate.resolve()
  await breathe()
  expect(given).toEqual([goes, waits])
  expect(replays.waiting).toBe(0)
})
