import { describe, expect, test } from "bun:test"
import { ListeningClock, lookEveryMs } from "./listening-clock.ts"
import { SilenceDetector } from "./silence-detector.ts"

describe("a silence of 30 s", () => {
  test("is none before its time, is told once, and ends with the next message", () => {
    const silence = new SilenceDetector(30_000, 0)
    expect(silence.fallsSilent(29_999)).toBe(false)
    expect(silence.fallsSilent(30_000)).toBe(true)
    expect(silence.fallsSilent(60_000)).toBe(false)
    expect(silence.silentForMs(61_000)).toBe(61_000)
    expect(silence.heard(61_000)).toBe(true)
    expect(silence.heard(62_000)).toBe(false)
  })

  test("counts from the last message, and may come again", () => {
    const silence = new SilenceDetector(30_000, 0)
    silence.heard(10_000)
    expect(silence.fallsSilent(39_999)).toBe(false)
    expect(silence.fallsSilent(40_000)).toBe(true)
    silence.heard(50_000)
    expect(silence.fallsSilent(79_999)).toBe(false)
    expect(silence.fallsSilent(80_000)).toBe(true)
  })

  test("gives a channel its whole time after an interruption, since what cut us off has often cut it off too", () => {
    const silence = new SilenceDetector(30_000, 0)
    silence.disturbed(25_000)
    expect(silence.fallsSilent(54_999)).toBe(false)
    expect(silence.fallsSilent(55_000)).toBe(true)
  })

  test("is told after twice its time, however often the listening is interrupted", () => {
    const silence = new SilenceDetector(30_000, 0)
    for (let nowMs = 0; nowMs < 60_000; nowMs += 5_000) {
      silence.disturbed(nowMs)
      expect(silence.fallsSilent(nowMs)).toBe(false)
    }
    expect(silence.fallsSilent(60_000)).toBe(true)
  })

  test("counts anew when nobody knows what came meanwhile, unless it was told already", () => {
    const silence = new SilenceDetector(30_000, 0)
    silence.lostTrack(29_000)
    expect(silence.fallsSilent(58_999)).toBe(false)
    expect(silence.fallsSilent(59_000)).toBe(true)
    silence.lostTrack(70_000)
    expect(silence.isSilent).toBe(true)
    expect(silence.silentForMs(71_000)).toBe(42_000)
  })
})

describe("time that counts", () => {
  test("is what was lived look by look", () => {
    const listened = new ListeningClock(250, 1_000)
    for (let nowMs = 1_250; nowMs <= 3_000; nowMs += 250) expect(listened.advance(nowMs, true)).toBe(false)
    expect(listened.ms).toBe(2_000)
  })

  test("leaves out what a watcher slept through, and tells that it was away", () => {
    const listened = new ListeningClock(250, 0)
    expect(listened.advance(250, true)).toBe(false)
    expect(listened.advance(3_600_250, true)).toBe(true)
    expect(listened.advance(3_600_500, true)).toBe(false)
    expect(listened.ms).toBe(500)
  })

  test("forgives looks that are a little late", () => {
    const listened = new ListeningClock(250, 0)
    expect(listened.advance(2_000, true)).toBe(false)
    expect(listened.ms).toBe(2_000)
  })

  test("stands still while nobody can listen", () => {
    const listened = new ListeningClock(250, 0)
    expect(listened.advance(250, true)).toBe(false)
    expect(listened.advance(500, false)).toBe(false)
    expect(listened.advance(750, false)).toBe(false)
    expect(listened.advance(1_000, true)).toBe(true)
    expect(listened.advance(1_250, true)).toBe(false)
    expect(listened.ms).toBe(500)
  })

  test("stands still when a clock goes backwards", () => {
    const listened = new ListeningClock(250, 1_000)
    expect(listened.advance(500, true)).toBe(true)
    expect(listened.ms).toBe(0)
  })
})

test("an alarm comes at most a quarter of a second late, and looking costs little", () => {
  expect(lookEveryMs(30_000)).toBe(250)
  expect(lookEveryMs(86_400_000)).toBe(250)
  expect(lookEveryMs(6_000)).toBe(50)
  expect(lookEveryMs(100)).toBe(20)
})
