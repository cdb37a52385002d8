import { expect, test } from "bun:test"
import { type Timed, TimerWheel } from "./timer-wheel.ts"

class Clock {
  ms = 0
  readonly wheel = new TimerWheel({ now: () => this.ms, manual: true })

  pass(ms: number): void {
    this.ms += ms
    this.wheel.turn()
  }
}

class Alarm implements Timed {
  wheelSlot = -1
  wheelIndex = -1
  dueTick = -1
  rang: number[] = []
  private readonly clock: Clock
  private readonly then: () => void

  constructor(clock: Clock, then: () => void = () => undefined) {
    this.clock = clock
    this.then = then
  }

  onDue(): void {
    this.rang.push(this.clock.ms)
    this.then()
  }
}

test("wakes once, never early and at most a slot late", () => {
  const clock = new Clock()
  const delays = [1, 99, 100, 101, 1234, 51_200, 51_300, 120_000]
  const alarms = delays.map((delay) => {
    const alarm = new Alarm(clock)
    clock.wheel.add(alarm, delay)
    return alarm
  })
  for (let i = 0; i < 1300; i++) clock.pass(100)
  alarms.forEach((alarm, i) => {
    const delay = delays[i] as number
    expect(alarm.rang.length).toBe(1)
    expect(alarm.rang[0]).toBeGreaterThanOrEqual(delay)
    expect(alarm.rang[0]).toBeLessThanOrEqual(delay + 100)
  })
})

test("what is added between two turns, or while the loop is held, is not woken early by that", () => {
  const clock = new Clock()
  clock.ms = 990
  const alarm = new Alarm(clock)
  clock.wheel.add(alarm, 100)
  clock.pass(50)
  expect(alarm.rang).toEqual([])
  clock.pass(60)
  expect(alarm.rang).toEqual([1100])
})

test("a loop that was held wakes everything that is due meanwhile, each once", () => {
  const clock = new Clock()
  const alarms = [50, 5000, 60_000].map((delay) => {
    const alarm = new Alarm(clock)
    clock.wheel.add(alarm, delay)
    return alarm
  })
  clock.pass(70_000)
  expect(alarms.map((alarm) => alarm.rang.length)).toEqual([1, 1, 1])
})

test("one that is removed is not woken, not even by one that is due in the same slot", () => {
  const clock = new Clock()
  const removed = new Alarm(clock)
  const remover = new Alarm(clock, () => clock.wheel.remove(removed))
  clock.wheel.add(remover, 100)
  clock.wheel.add(removed, 100)
  const early = new Alarm(clock)
  clock.wheel.add(early, 100)
  clock.wheel.remove(early)
  clock.wheel.remove(early)
  clock.pass(200)
  expect([remover.rang.length, removed.rang.length, early.rang.length]).toEqual([1, 0, 0])
})

test("one that adds itself again is woken again at its time", () => {
  const clock = new Clock()
  const alarm: Alarm = new Alarm(clock, () => clock.wheel.add(alarm, 1000))
  clock.wheel.add(alarm, 1000)
  for (let i = 0; i < 55; i++) clock.pass(100)
  expect(alarm.rang).toEqual([1000, 2000, 3000, 4000, 5000])
})
