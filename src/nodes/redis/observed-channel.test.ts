// One channel's presence as another node says it, with the parts in the test's hands.
import { expect, test } from "bun:test"
import type { Channel } from "../../channels/channel.ts"
import { ObservedChannel } from "./observed-channel.ts"
import type { PresenceParts, ReadPart, Said } from "./presence-parts.ts"

const nobody: ReadPart = { members: [], guests: 0, number: null }
const bob = { user: "bob", since: 1 }
const eve = { user: "eve", since: 2 }

/** What Redis holds of node `b`, and what came to the ear. */
async function observe(part: ReadPart) {
  const told: string[] = []
  const stage = { part, isAway: false, ear: { heard: (_: Said) => {}, joined: () => {} }, told }
  const parts = {
    hear: (_: Channel, ear: typeof stage.ear) => void (stage.ear = ear),
    unhear: () => {},
    read: async () => {
      if (stage.isAway) throw new Error("away")
      return stage.part
    },
  } as unknown as PresenceParts
  const observed = new ObservedChannel({
    channel: "/rooms/1" as Channel,
    parts,
    self: "a",
    others: () => ["b"],
    ear: {
      change: (node, { joined, left }) =>
        void told.push(`${node} +${joined.map(({ user }) => user)} -${left.join()}`),
      replace: (node, { members }) => void told.push(`${node} =${members.map(({ user }) => user)}`),
      drop: (node) => void told.push(`${node} dropped`),
    },
  })
  const begun = observed.begin()
  stage.ear.joined()
  await begun
  return Object.assign(stage, { mend: () => observed.mend() })
}

const said = (number: number, one: Partial<Said>): Said => ({
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
  stage.part = nobody
  stage.ear.joined()
  await Bun.sleep(0)
  stage.ear.heard(said(4, { whole: true, joined: [bob] }))
  expect(stage.told).toEqual(["b =bob", "b dropped", "b =bob"])
})

test("what follows a part that was not there is read, so that nobody stays who has left unheard", async () => {
  const stage = await observe({ members: [bob], guests: 0, number: 3 })
  stage.part = nobody
  stage.ear.joined()
  await Bun.sleep(0)
  stage.part = { members: [eve], guests: 0, number: 5 }
  stage.ear.heard(said(5, { joined: [eve] }))
  await Bun.sleep(0)
  stage.ear.heard(said(6, { left: ["eve"] }))
  expect(stage.told).toEqual(["b =bob", "b dropped", "b =eve", "b + -eve"])
})

test("what was said while an empty part was read is not passed over", async () => {
  const stage = await observe(nobody)
  expect(stage.told).toEqual(["b dropped"])
  stage.ear.joined()
  stage.part = { members: [eve], guests: 0, number: 1 }
  stage.ear.heard(said(1, { joined: [eve] }))
  await Bun.sleep(0)
  await Bun.sleep(0)
  expect(stage.told.at(-1)).toBe("b =eve")
})

test("a part that could not be read when something was missed is read when Redis takes commands again", async () => {
  const stage = await observe({ members: [bob], guests: 0, number: 3 })
  stage.part = { members: [eve], guests: 0, number: 5 }
  stage.isAway = true
  // One connection is there before the other.
  stage.ear.joined()
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
