// Everybody is told again when Laba has lost its memory, and not because a history has come to its end.
import { expect, test } from "bun:test"
import type { Sale } from "../book/sale.ts"
import { World } from "../test/world.ts"
import { Broadcasts } from "./broadcasts.ts"
import type { LabaPublisher } from "./laba/laba-publisher.ts"

const dayMs = 86_400_000
const hourMs = 3_600_000

/** A Laba that forgets, as ours is configured, a marker after a day and how a sale stands after an hour. */
class ForgetfulLaba implements LabaPublisher {
  readonly url = ""
  now = 0
  private readonly kept = new Map<string, number>()

  async publish(channel: string): Promise<void> {
    this.kept.set(channel, this.now + (channel.startsWith("/sales-marker/") ? dayMs : hourMs))
  }

  async holds(channel: string): Promise<boolean> {
    return (this.kept.get(channel) ?? 0) > this.now
  }

  loseAll(): void {
    this.kept.clear()
  }

  async close(): Promise<void> {}
}

test("nobody is told again because days have passed; all are when Laba has lost its memory", async () => {
  using world = new World()
  const laba = new ForgetfulLaba()
  const again: Sale[] = []
  const broadcasts = new Broadcasts({
    loudspeaker: laba,
    tellings: { tellAll: (sale) => again.push(sale) },
    log: () => {},
    now: () => laba.now,
  })
  const days = async (count: number): Promise<void> => {
    for (const end = laba.now + count * dayMs; laba.now < end; laba.now += hourMs / 12) {
      await broadcasts.watch([world.sale])
      expect(await laba.holds("/sales/s")).toBe(true)
    }
  }
  await days(3)
  // A Laba that is new knows nobody yet.
  expect(again).toHaveLength(1)
  laba.loseAll()
  await days(2)
  expect(again).toHaveLength(2)
})
