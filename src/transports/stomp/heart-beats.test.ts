import { expect, test } from "bun:test"
import { TimerWheel } from "../timer-wheel.ts"
import { HeartBeats } from "./heart-beats.ts"

function beating(incomingMs: number, outgoingMs: number) {
  let now = 0
  const seen: string[] = []
  const wheel = new TimerWheel({ now: () => now, manual: true })
  const beats = new HeartBeats({
    wheel,
    beats: { incomingMs, outgoingMs },
    send: () => void seen.push(`beat ${now}`),
    onSilence: () => {
      seen.push(`silent ${now}`)
      beats.stop()
    },
  })
  return {
    beats,
    seen,
    until(ms: number) {
      for (; now < ms; now += 100) wheel.turn()
    },
  }
}

test("[T11] (1.1, 1.2 «Heart-beating») the server beats a little before each promised moment", () => {
  const { seen, until } = beating(0, 10_000)
  until(30_000)
  expect(seen).toEqual(["beat 9800", "beat 19600", "beat 29400"])
})

test("[T11] (1.1, 1.2 «Heart-beating») a client is gone when it was silent for twice what it promised, three times at the latest, and not while it is heard", () => {
  const { beats, seen, until } = beating(10_000, 0)
  until(20_100)
  beats.hear()
  until(40_100)
  expect(seen).toEqual([])
  until(80_000)
  expect(seen).toEqual(["silent 50000"])
})

test("[T11] where none was agreed on there is none, and none after the end", () => {
  const none = beating(0, 0)
  none.until(100_000)
  expect(none.seen).toEqual([])
  const over = beating(1000, 1000)
  over.beats.stop()
  over.until(100_000)
  expect(over.seen).toEqual([])
})
