// One channel's presence as another node says it, with the store in the test's hands.
import { expect, test } from "bun:test"
import type { Channel } from "../../channels/channel.ts"
import type { RedisSubscriber } from "../../redis/redis-subscriptions.ts"
import { ObservedChannel } from "./observed-channel.ts"
import type { PresenceAnnouncement, PresenceStore, StoredSnapshot } from "./presence-store.ts"

const nobody: StoredSnapshot = { members: [], guests: 0, number: null }
const bob = { user: "bob", since: 1 }
const eve = { user: "eve", since: 2 }

/** What Redis holds of node `b`, and what came to the receiver. */
async function observe(snapshot: StoredSnapshot) {
  const told: string[] = []
  const subscriber: RedisSubscriber<PresenceAnnouncement> = { received: () => {}, subscribed: () => {} }
  const stage = { snapshot, isAway: false, subscriber, told, others: ["b"] }
  const store = {
    subscribe: (_: Channel, one: RedisSubscriber<PresenceAnnouncement>) => void (stage.subscriber = one),
    unsubscribe: () => {},
    numberOf: async () => stage.snapshot.number,
    read: async () => {
      if (stage.isAway) throw new Error("away")
      return stage.snapshot
    },
  } as unknown as PresenceStore
  const observed = new ObservedChannel({
    channel: "/rooms/1" as Channel,
    store,
    self: "a",
    others: () => stage.others,
    receiver: {
      change: (node, { joined, left }) =>
        void told.push(`${node} +${joined.map(({ user }) => user)} -${left.join()}`),
      replace: (node, { members }) => void told.push(`${node} =${members.map(({ user }) => user)}`),
      drop: (node) => void told.push(`${node} dropped`),
    },
  })
  const begun = observed.begin()
  stage.subscriber.subscribed()
  await begun
  return Object.assign(stage, {
    mend: () => observed.mend(),
    review: () => observed.review(),
    nodeLeft() {
      stage.others = []
      observed.nodeLeft("b")
    },
  })
}

const said = (number: number, one: Partial<PresenceAnnouncement>): PresenceAnnouncement => ({
  node: "b",
  before: number - 1,
  number,
  whole: false,
  joined: [],
  left: [],
  guests: 0,
  ...one,
})

test("who Redis has lost has not left: the node is given the time to say it again", async () => {
  const stage = await observe({ members: [bob], guests: 0, number: 3 })
  stage.snapshot = nobody
  stage.subscriber.subscribed()
  await Bun.sleep(0)
  stage.subscriber.received(said(4, { whole: true, joined: [bob] }))
  expect(stage.told).toEqual(["b =bob", "b dropped", "b =bob"])
})

test("what follows a snapshot that was not there is read, so that nobody stays who has left unnoticed", async () => {
  const stage = await observe({ members: [bob], guests: 0, number: 3 })
  stage.snapshot = nobody
  stage.subscriber.subscribed()
  await Bun.sleep(0)
  stage.snapshot = { members: [eve], guests: 0, number: 5 }
  stage.subscriber.received(said(5, { joined: [eve] }))
  await Bun.sleep(0)
  stage.subscriber.received(said(6, { left: ["eve"] }))
  expect(stage.told).toEqual(["b =bob", "b dropped", "b =eve", "b + -eve"])
})

test("what was said while an empty snapshot was read is not passed over", async () => {
  const stage = await observe(nobody)
  expect(stage.told).toEqual(["b dropped"])
  stage.subscriber.subscribed()
  stage.snapshot = { members: [eve], guests: 0, number: 1 }
  stage.subscriber.received(said(1, { joined: [eve] }))
  await Bun.sleep(0)
  await Bun.sleep(0)
  expect(stage.told.at(-1)).toBe("b =eve")
})

test("a snapshot that could not be read when something was missed is read when Redis takes commands again", async () => {
  const stage = await observe({ members: [bob], guests: 0, number: 3 })
  stage.snapshot = { members: [eve], guests: 0, number: 5 }
  stage.isAway = true
  // One connection is there before the other.
  stage.subscriber.subscribed()
  await Bun.sleep(0)
  stage.mend()
  await Bun.sleep(0)
  expect(stage.told).toEqual(["b =bob"])
  stage.isAway = false
  stage.mend()
  await Bun.sleep(0)
  stage.mend()
  await Bun.sleep(0)
  expect(stage.told).toEqual(["b =bob", "b =eve"])
})

test("a node that left while it was looked at is read no more: what it said last stays in Redis for a while", async () => {
  const stage = await observe({ members: [bob], guests: 0, number: 3 })
  const reviewing = stage.review()
  stage.nodeLeft()
  await reviewing
  expect(stage.told).toEqual(["b =bob", "b dropped"])
})

test("nor is it by what it said before it left, and what comes late", async () => {
  const stage = await observe({ members: [bob], guests: 0, number: 3 })
  stage.nodeLeft()
  stage.subscriber.received(said(4, { joined: [eve] }))
  stage.subscriber.received(said(5, { whole: true, joined: [eve] }))
  await Bun.sleep(0)
  expect(stage.told).toEqual(["b =bob", "b dropped"])
})
