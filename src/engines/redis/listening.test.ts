import { expect, test } from "bun:test"
import type { Channel } from "../../channels/channel.ts"
import { Listening } from "./listening.ts"
import { type Announcement, printRecord } from "./record.ts"

const channel = "/a" as Channel

function announced(offset: number, epoch = "e"): Announcement {
  const draft = { channel, id: "n.1", type: "text/plain", bytes: 1, data: "x" }
  return { channel, epoch, offset, record: Buffer.from(`1 ${printRecord(draft)}`) }
}

function start() {
  const told: (string | number)[] = []
  const listening = new Listening(channel, {
    deliver: ({ offset }) => void told.push(offset),
    lost: () => void told.push("lost"),
    forgotten: () => void told.push("forgotten"),
  })
  return { listening, told }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

test("what is announced before it is known where listening began is held, and handed on from there", async () => {
  const { listening, told } = start()
  for (const offset of [4, 5, 6]) listening.hear(announced(offset))
  listening.stands({ epoch: "e", offset: 4 })
  expect(await listening.begun).toEqual({ epoch: "e", offset: 4 })
  // Whoever waits for the position has it before anything is delivered.
  expect(told).toEqual([])
  await nextTurn()
  listening.hear(announced(7))
  expect(told).toEqual([5, 6, 7])
})

test("a hole is told once, and what follows it is handed on", async () => {
  const { listening, told } = start()
  listening.stands({ epoch: "e", offset: 0 })
  await nextTurn()
  for (const offset of [1, 1, 4, 5, 3, 6]) listening.hear(announced(offset))
  expect(told).toEqual([1, "lost", 5, 6])
})

test("another epoch is a loss, and a channel that was forgotten is told to be", async () => {
  const { listening, told } = start()
  listening.stands({ epoch: "e", offset: 8 })
  await nextTurn()
  listening.hear(announced(9, "f"))
  listening.hear(announced(10, "f"))
  listening.hear({ channel, epoch: "g", offset: 0, record: Buffer.alloc(0) })
  listening.hear(announced(1, "g"))
  expect(told).toEqual(["lost", 10, "forgotten", 1])
})

test("more than can be held while listening begins is a loss", async () => {
  const { listening, told } = start()
  for (let offset = 1; offset <= 300; offset++) listening.hear(announced(offset))
  listening.stands({ epoch: "e", offset: 0 })
  await nextTurn()
  expect(told).toEqual(["lost"])
})

test("after an interruption a channel that has moved on is a loss at once; one that has not is none", async () => {
  const { listening, told } = start()
  listening.stands({ epoch: "e", offset: 3 })
  await nextTurn()
  listening.joins()
  listening.stands({ epoch: "e", offset: 3 })
  expect(told).toEqual([])
  listening.joins()
  listening.stands({ epoch: "e", offset: 5 })
  listening.hear(announced(6))
  expect(told).toEqual(["lost", 6])
})

test("without an interruption an answer that is ahead says nothing yet: the message may be on its way", async () => {
  const { listening, told } = start()
  listening.stands({ epoch: "e", offset: 3 })
  await nextTurn()
  listening.stands({ epoch: "e", offset: 4 })
  listening.hear(announced(4))
  expect(told).toEqual([4])
})

test("one that cannot begin fails, and hears nothing", async () => {
  const { listening, told } = start()
  listening.hear(announced(1))
  listening.fail(new Error("away"))
  await expect(listening.begun).rejects.toThrow("away")
  listening.hear(announced(2))
  expect(told).toEqual([])
})
