import { expect, test } from "bun:test"
import type { Channel } from "../../channels/channel.ts"
import { ChannelFeed } from "./channel-feed.ts"
import { type Announcement, printRecord } from "./record.ts"

const channel = "/a" as Channel

function announced(offset: number, epoch = "e"): Announcement {
  const draft = { channel, id: "n.1", type: "text/plain", bytes: 1, data: "x" }
  return { channel, epoch, offset, record: Buffer.from(`1 ${printRecord(draft)}`) }
}

function start() {
  const told: (string | number)[] = []
  const feed = new ChannelFeed(channel, {
    deliver: ({ offset }) => void told.push(offset),
    lost: () => void told.push("lost"),
    forgotten: () => void told.push("forgotten"),
  })
  return { feed, told }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

test("what is announced before it is known where listening began is buffered, and handed on from there", async () => {
  const { feed, told } = start()
  for (const offset of [4, 5, 6]) feed.receive(announced(offset))
  feed.standsAt({ epoch: "e", offset: 4 })
  expect(await feed.opened).toEqual({ epoch: "e", offset: 4 })
  // Whoever waits for the position has it before anything is delivered.
  expect(told).toEqual([])
  await nextTurn()
  feed.receive(announced(7))
  expect(told).toEqual([5, 6, 7])
})

test("a hole is told once, and what follows it is handed on", async () => {
  const { feed, told } = start()
  feed.standsAt({ epoch: "e", offset: 0 })
  await nextTurn()
  for (const offset of [1, 1, 4, 5, 3, 6]) feed.receive(announced(offset))
  expect(told).toEqual([1, "lost", 5, 6])
})

test("another epoch is a loss, and a channel that was forgotten is told to be", async () => {
  const { feed, told } = start()
  feed.standsAt({ epoch: "e", offset: 8 })
  await nextTurn()
  feed.receive(announced(9, "f"))
  feed.receive(announced(10, "f"))
  feed.receive({ channel, epoch: "g", offset: 0, record: Buffer.alloc(0) })
  feed.receive(announced(1, "g"))
  expect(told).toEqual(["lost", 10, "forgotten", 1])
})

test("more than can be buffered while listening begins is a loss", async () => {
  const { feed, told } = start()
  for (let offset = 1; offset <= 300; offset++) feed.receive(announced(offset))
  feed.standsAt({ epoch: "e", offset: 0 })
  await nextTurn()
  expect(told).toEqual(["lost"])
})

test("after an interruption a channel that has moved on is a loss at once; one that has not is none", async () => {
  const { feed, told } = start()
  feed.standsAt({ epoch: "e", offset: 3 })
  await nextTurn()
  feed.resubscribed()
  feed.standsAt({ epoch: "e", offset: 3 })
  expect(told).toEqual([])
  feed.resubscribed()
  feed.standsAt({ epoch: "e", offset: 5 })
  feed.receive(announced(6))
  expect(told).toEqual(["lost", 6])
})

test("without an interruption an answer that is ahead says nothing yet: the message may be on its way", async () => {
  const { feed, told } = start()
  feed.standsAt({ epoch: "e", offset: 3 })
  await nextTurn()
  feed.standsAt({ epoch: "e", offset: 4 })
  feed.receive(announced(4))
  expect(told).toEqual([4])
})

test("one that cannot begin fails, and hands nothing on", async () => {
  const { feed, told } = start()
  feed.receive(announced(1))
  feed.fail(new Error("away"))
  await expect(feed.opened).rejects.toThrow("away")
  feed.receive(announced(2))
  expect(told).toEqual([])
})
