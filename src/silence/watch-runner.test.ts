import type { Clock } from "../bounds/clock.ts"
import { describe, expect, test } from "bun:test"
import { printCursor } from "../../wire/cursor.ts"
import type { Position } from "../../wire/cursor.ts"
import { createFakeClock, turn } from "../../test/support/fake-clock.ts"
import type { Channel } from "../channels/channel.ts"
import type { Leases } from "../cluster/leases.ts"
import { LocalLeases } from "../cluster/local-leases.ts"
import type { Alarm, Watch } from "./silence.ts"
import { WatchRunner } from "./watch-runner.ts"

const heart: Watch = { channel: "/heart", everyMs: 5_000, silentMs: 30_000 }

/** An engine of which a test moves the numbers. */
class Tails {
  readonly tails = new Map<string, Position>()
  isAway = false
  /** When a channel spoke last; one that is not here just now. */
  readonly spoke = new Map<string, number>()

  speak(channel: string, epoch = "e"): void {
    const offset = (this.tails.get(channel)?.offset ?? 0) + 1
    this.tails.set(channel, { epoch, offset })
  }

  tailOf(channel: string): Position {
    if (this.isAway) throw new Error("away")
    return this.tails.get(channel) ?? { epoch: "e", offset: 0 }
  }

  newestAt(channel: string): number | null {
    return this.spoke.get(channel) ?? Date.UTC(2100, 0)
  }

  channelsPage() {
    const channels = [...this.tails].map(([channel, tail]) => ({
      channel: channel as Channel,
      tail,
      kept: 0,
      bytes: 0,
    }))
    return { channels, next: null }
  }
}

function stage(watches: readonly Watch[] = [heart]) {
  const fake = createFakeClock()
  let wall = 1_700_000_000_000
  const clock: Clock & { wall(ms: number): void } = {
    monotonic: fake.now,
    now: () => wall + fake.now(),
    after: fake.after,
    wall: (ms) => (wall += ms),
  }
  const engine = new Tails()
  const told: Alarm[] = []
  const troubles: unknown[] = []
  const make = (
    leases: Leases = new LocalLeases(clock),
    tell: (alarm: Alarm) => Promise<void> = async (alarm) => void told.push(alarm),
  ) => {
    const runner = new WatchRunner<Watch>({
      engine,
      leases,
      clock,
      tell: (_, alarm) => tell(alarm),
      onTrouble: (error) => troubles.push(error),
    })
    runner.configure(watches)
    return runner
  }
  const said = () => told.map(({ alarm, channel }) => `${alarm} ${channel}`)
  return { fake, clock, engine, told, troubles, make, said }
}

describe("a watch of one channel", () => {
  test("says nothing while it is heard, an alarm when it is silent, once, and when it is back, once", async () => {
    const { fake, engine, told, make, said } = stage()
    make()
    for (let beat = 0; beat < 12; beat++) {
      engine.speak("/heart")
      await fake.pass(5_000)
    }
    expect(told).toEqual([])
    await fake.pass(25_500)
    expect(said()).toEqual(["silent /heart"])
    expect(told[0]).toMatchObject({
      watch: "/heart",
      everySeconds: 5,
      last: printCursor("/heart", { epoch: "e", offset: 12 }),
    })
    expect(told[0]?.silentSeconds).toBeCloseTo(30, 0)
    await fake.pass(3_600_000)
    engine.speak("/heart")
    await fake.pass(500)
    expect(said()).toEqual(["silent /heart", "back /heart"])
    await fake.pass(20_000)
    expect(told).toHaveLength(2)
  })

  test("gives it its time at the start, and then alarms also when it never spoke", async () => {
    const { fake, told, make } = stage()
    make()
    await fake.pass(29_500)
    expect(told).toEqual([])
    await fake.pass(1_000)
    expect(told).toMatchObject([{ alarm: "silent", last: null }])
  })

  test("is not moved by a wall clock that is set, forwards or backwards", async () => {
    const { fake, clock, engine, told, make } = stage()
    make()
    for (let beat = 0; beat < 24; beat++) {
      engine.speak("/heart")
      clock.wall(beat % 2 ? 86_400_000 : -86_400_000)
      await fake.pass(5_000)
    }
    expect(told).toEqual([])
  })

  test("does not take its own sleep for silence, and gives the channel its time after it", async () => {
    const { fake, engine, told, make, said } = stage()
    make()
    engine.speak("/heart")
    await fake.pass(20_000)
    fake.sleep(8 * 3_600_000)
    await fake.pass(29_000)
    expect(told).toEqual([])
    await fake.pass(2_000)
    expect(said()).toEqual(["silent /heart"])
    expect(told[0]?.silentSeconds).toBeLessThan(60)
  })

  test("does not take an engine that is away for silence, and says that it cannot see", async () => {
    const { fake, engine, told, troubles, make } = stage()
    make()
    engine.speak("/heart")
    await fake.pass(10_000)
    engine.isAway = true
    await fake.pass(300_000)
    expect(told).toEqual([])
    // Once, not with every look.
    expect(troubles).toHaveLength(1)
    engine.isAway = false
    await fake.pass(5_000)
    engine.speak("/heart")
    await fake.pass(20_000)
    expect(told).toEqual([])
  })

  test("does not take for a word that the engine has forgotten the channel and numbers it anew", async () => {
    const { fake, engine, told, make } = stage()
    make()
    engine.speak("/heart")
    await fake.pass(20_000)
    engine.tails.set("/heart", { epoch: "f", offset: 0 })
    await fake.pass(10_500)
    expect(told).toHaveLength(1)
    engine.speak("/heart", "f")
    await fake.pass(500)
    expect(told).toHaveLength(2)
  })

  test("does not take for a word that the engine lost some and goes on in another numbering", async () => {
    const { fake, engine, make, said } = stage()
    make()
    for (let beat = 0; beat < 5; beat++) engine.speak("/heart")
    await fake.pass(40_000)
    expect(said()).toEqual(["silent /heart"])
    for (const [epoch, offset] of [
      ["f", 5],
      ["g", 3],
    ] as const) {
      engine.tails.set("/heart", { epoch, offset })
      await fake.pass(100_000)
    }
    expect(said()).toEqual(["silent /heart"])
    engine.speak("/heart", "g")
    await fake.pass(1_000)
    expect(said()).toEqual(["silent /heart", "back /heart"])
    // While it is heard, its time counts anew from there.
    engine.tails.set("/heart", { epoch: "h", offset: 4 })
    await fake.pass(29_000)
    expect(said()).toHaveLength(2)
    await fake.pass(10_000)
    expect(said()).toEqual(["silent /heart", "back /heart", "silent /heart"])
  })

  test("tells again each time it falls silent", async () => {
    const { fake, engine, make, said } = stage()
    make()
    for (let round = 0; round < 3; round++) {
      engine.speak("/heart")
      await fake.pass(31_000)
    }
    expect(said()).toEqual(["silent", "back", "silent", "back", "silent"].map((word) => `${word} /heart`))
  })

  test("goes on as it was when the configuration is read again, and ends when it is taken out", async () => {
    const { fake, engine, told, make } = stage()
    const runner = make()
    engine.speak("/heart")
    await fake.pass(20_000)
    runner.configure([{ ...heart }, { channel: "/other", everyMs: 5_000, silentMs: 300_000 }])
    await fake.pass(10_500)
    expect(told).toHaveLength(1)
    runner.configure([])
    await fake.pass(600_000)
    expect(told).toHaveLength(1)
  })
})

describe("a watch of a pattern", () => {
  const hosts: Watch = { channel: "/hosts/*", everyMs: 5_000, silentMs: 30_000 }

  test("watches each channel from its first message, and only those that fit", async () => {
    const { fake, engine, make, said } = stage([hosts])
    make()
    await fake.pass(120_000)
    engine.speak("/hosts/1")
    engine.speak("/hosts/1/log")
    engine.speak("/other")
    for (let beat = 0; beat < 8; beat++) {
      engine.speak("/hosts/2")
      await fake.pass(5_000)
    }
    expect(said()).toEqual(["silent /hosts/1"])
    await fake.pass(31_000)
    expect(said()).toEqual(["silent /hosts/1", "silent /hosts/2"])
  })
})

test("a restart gives no alarm for what was taken out of service long ago, until it speaks again", async () => {
  const hosts: Watch = { channel: "/hosts/*", everyMs: 5_000, silentMs: 30_000 }
  const { fake, clock, engine, said, make } = stage([hosts])
  for (const name of ["retired", "forgotten", "alive"]) engine.speak(`/hosts/${name}`)
  engine.spoke.set("/hosts/retired", clock.now() - 3_600_000)
  engine.spoke.set("/hosts/alive", clock.now() - 20_000)
  make()
  await fake.pass(3_600_000)
  expect(said()).toEqual(["silent /hosts/forgotten", "silent /hosts/alive"])
  engine.speak("/hosts/retired")
  await fake.pass(31_000)
  expect(said().at(-1)).toBe("silent /hosts/retired")
})

test("a pattern that more channels fit than can be watched says so, once", async () => {
  const hosts: Watch = { channel: "/hosts/*", everyMs: 5_000, silentMs: 30_000 }
  const { fake, engine, troubles, said, make } = stage([hosts])
  for (let number = 0; number < 1_005; number++) engine.speak(`/hosts/${number}`)
  make()
  await fake.pass(32_000)
  expect(troubles).toHaveLength(1)
  expect(String(troubles[0])).toContain("more than 1000 channels fit /hosts/*")
  expect(said()).toHaveLength(1_000)
})

describe("several nodes", () => {
  test("tell each alarm once between them", async () => {
    const { fake, clock, engine, make, said } = stage()
    const shared = new LocalLeases(clock)
    make(shared)
    await fake.pass(100)
    make(shared)
    await fake.pass(40)
    make(shared)
    engine.speak("/heart")
    await fake.pass(31_000)
    expect(said()).toEqual(["silent /heart"])
    engine.speak("/heart")
    await fake.pass(1_000)
    expect(said()).toEqual(["silent /heart", "back /heart"])
  })

  test("take over an alarm from one that died while it told", async () => {
    const { fake, engine, make, said } = stage()
    const answers: Awaited<ReturnType<Leases["acquire"]>>[] = ["held", "held", "ours"]
    const asked: string[] = []
    const leases: Leases = {
      acquire(alarm) {
        asked.push(alarm)
        return answers.shift() ?? "done"
      },
      markDone: () => {},
      release: () => {},
    }
    make(leases)
    engine.speak("/heart")
    await fake.pass(32_000)
    expect(said()).toEqual(["silent /heart"])
    expect(asked).toEqual(
      Array(3).fill(`silent /heart /heart ${printCursor("/heart", { epoch: "e", offset: 1 })}`),
    )
  })

  test("hold an alarm for as long as they are telling it", async () => {
    const { fake, make } = stage()
    let takes = 0
    const leases: Leases = {
      acquire: () => (takes++, "ours"),
      markDone: () => {},
      release: () => {},
    }
    const telling = Promise.withResolvers<void>()
    make(leases, () => telling.promise)
    await fake.pass(31_000)
    expect(takes).toBe(1)
    await fake.pass(60_000)
    expect(takes).toBe(7)
    telling.resolve()
    await turn()
    await fake.pass(60_000)
    expect(takes).toBe(7)
  })
})
