// Two nodes that tell each other who is there, over a real Redis, and what one of them may miss.
import { expect, test } from "bun:test"
import { readAddress } from "../../config/redis-address.ts"
import { Link } from "../../engines/redis/link.ts"
import { RedisProcess, until } from "../../../test/support/redis-servers.ts"
import type { Channel } from "../../channels/channel.ts"
import { Board } from "../presence/board.ts"
import type { Watcher } from "../presence/presence.ts"
import { RedisPresence, type RedisPresenceOptions } from "./presence-exchange.ts"

const room = "/room" as Channel
const page = { from: 0, limit: 10 }

/** A node with nothing but presence. Whoever leaves is gone at once. */
async function openNode(url: string, self: string, more: Partial<RedisPresenceOptions> = {}) {
  const read = readAddress(url)
  if ("wrong" in read) throw new Error(read.wrong)
  const link = new Link({ address: read.address, prefix: "laba" })
  await link.opened(10_000)
  const exchange = new RedisPresence({
    link,
    self,
    others: () => ["a", "b"].filter((name) => name !== self),
    ...more,
  })
  const board = new Board({ node: self, keeps: () => true, exchange, graceMs: 0 })
  return {
    link,
    board,
    async [Symbol.asyncDispose]() {
      board.stop()
      exchange.stop()
      link.close()
    },
  }
}

function watching(board: Board) {
  const told: string[] = []
  const watcher: Watcher = {
    changed: (_, { joined, left }) =>
      void told.push(...joined.map(({ user }) => `${user} came`), ...left.map((user) => `${user} left`)),
  }
  return { told, watched: board.watch(room, watcher, page) }
}

test("[R2] who watches hears of who comes after the room was empty for so long that its node forgot it", async () => {
  await using redis = await RedisProcess.start()
  await using a = await openNode(redis.url, "a")
  await using b = await openNode(redis.url, "b", { refreshMs: 50 })
  const { told, watched } = watching(a.board)
  await watched
  // More than once, so that numbers that began again would be far behind.
  for (const user of ["ann", "bob", "cid"]) {
    const seat = b.board.enter(room, user)
    await until(() => told.at(-1) === `${user} came`, user)
    seat?.leave()
    await until(() => told.at(-1) === `${user} left`, `${user} to leave`)
  }
  // Two refreshes or more of a node on which nobody is.
  await Bun.sleep(400)
  expect([...b.board.channels()]).toEqual([])
  b.board.enter(room, "dan")
  await until(() => told.at(-1) === "dan came", "dan")
}, 30_000)

test("[R2] a watcher that missed what was said notices by itself", async () => {
  await using redis = await RedisProcess.start()
  await using a = await openNode(redis.url, "a", { reviewSeconds: 1 })
  await using b = await openNode(redis.url, "b")
  const { told, watched } = watching(a.board)
  await watched
  b.board.enter(room, "ann")
  await until(() => told.at(-1) === "ann came", "ann")
  // Said, and heard by nobody.
  const part = b.link.key(room, "presence:b")
  await redis.command("HSET", part, "@bob", Date.now(), "number", 7)
  await until(() => told.at(-1) === "bob came", "bob")
}, 30_000)
