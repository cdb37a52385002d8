import { describe, expect, test } from "bun:test"
import { createFakeClock, turn } from "../../test/support/fake-clock.ts"
import { AlarmSender, type Recipient } from "./alarm-sender.ts"
import type { Alarm } from "./silence.ts"

const alarm = (time: number): Alarm => ({
  alarm: "silent",
  channel: "/heart",
  watch: "/heart",
  time,
  silentSeconds: 30,
  everySeconds: 5,
  last: null,
})

function stage() {
  const clock = createFakeClock()
  const failures: string[] = []
  const sender = new AlarmSender({
    clock,
    random: () => 1,
    onFailure: ({ name }, error, isGivenUp) =>
      failures.push(`${name}: ${(error as Error).message}${isGivenUp ? ", given up" : ""}`),
  })
  return { clock, failures, sender }
}

/** Fails as often as it is told to. */
function failing(name: string, failures: number): Recipient & { readonly told: number[] } {
  const told: number[] = []
  let left = failures
  return {
    name,
    told,
    async tell({ time }) {
      if (left-- > 0) throw new Error("away")
      told.push(time)
    },
  }
}

describe("telling", () => {
  test("is tried again until it gets through, longer apart each time", async () => {
    const { clock, failures, sender } = stage()
    const phone = failing("phone", 3)
    const done = sender.sendAll([phone], alarm(1))
    await clock.pass(6_900)
    expect(phone.told).toEqual([])
    await clock.pass(200)
    await done
    expect(phone.told).toEqual([1])
    expect(failures).toEqual(Array(3).fill("phone: away"))
  })

  test("keeps the order for each, and keeps nobody waiting for another", async () => {
    const { clock, sender } = stage()
    const phone = failing("phone", 2)
    const page = failing("page", 0)
    const all = [1, 2, 3].map((time) => sender.sendAll([phone, page], alarm(time)))
    await turn()
    expect(page.told).toEqual([1, 2, 3])
    expect(phone.told).toEqual([])
    await clock.pass(3_100)
    await Promise.all(all)
    expect(phone.told).toEqual([1, 2, 3])
  })

  test("is given up after fifteen tries, and the next one gets its turn", async () => {
    const { clock, failures, sender } = stage()
    const phone = failing("phone", 15)
    const all = [sender.sendAll([phone], alarm(1)), sender.sendAll([phone], alarm(2))]
    await clock.pass(1_200_000)
    await Promise.all(all)
    expect(failures).toHaveLength(15)
    expect(failures.at(-1)).toBe("phone: away, given up")
    expect(phone.told).toEqual([2])
  })

  test("ends at once when the node does", async () => {
    const { clock, sender } = stage()
    const phone = failing("phone", 100)
    const done = sender.sendAll([phone], alarm(1))
    await clock.pass(10)
    sender.stop()
    await done
    expect(phone.told).toEqual([])
  })
})
