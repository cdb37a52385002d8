import { expect, test } from "bun:test"
import type { Channel } from "../../channels/channel.ts"
import type { Draft, Receipt } from "../engine.ts"
import { PublishBatches, type PendingPublish } from "./publish-batches.ts"
import type { Partition } from "./partitions.ts"

const here: Partition = { tag: "0", keys: [] }
const there: Partition = { tag: "1", keys: [] }

const draftOf = (id: string, bytes = 1): Draft => ({
  channel: "/a" as Channel,
  type: "text/plain",
  data: "x".repeat(bytes),
  bytes,
  id,
})

const receiptOf = (id: string): Receipt => ({ position: { epoch: "e", offset: 1 }, id, duplicate: false })

/** Answers each draft with its own id, and notes which ones came together. */
function noting() {
  const batches: string[] = []
  const publishes = new PublishBatches(async ({ tag }, batch: readonly PendingPublish[]) => {
    batches.push(`${tag}: ${batch.map(({ draft }) => draft.id).join(" ")}`)
    for (const { draft, resolve } of batch) resolve(receiptOf(draft.id))
  })
  return { batches, publishes }
}

test("what is published in one turn goes together, in order, by partition, and each gets its own answer", async () => {
  const { batches, publishes } = noting()
  const receipts = await Promise.all([
    publishes.add(here, draftOf("1"), null),
    publishes.add(there, draftOf("2"), null),
    publishes.add(here, draftOf("3"), null),
  ])
  expect(batches).toEqual(["0: 1 3", "1: 2"])
  expect(receipts.map(({ id }) => id)).toEqual(["1", "2", "3"])
  await publishes.add(here, draftOf("4"), null)
  expect(batches).toHaveLength(3)
})

test("a batch is bounded in drafts and in bytes; what is bigger goes alone", async () => {
  const { batches, publishes } = noting()
  const sizes = [...Array.from({ length: 70 }, () => 1), 300_000, 200_000, 100_000]
  await Promise.all(sizes.map((bytes, index) => publishes.add(here, draftOf(String(index), bytes), null)))
  const counts = batches.map((batch) => batch.split(" ").length - 1)
  expect(counts).toEqual([64, 6, 1, 1, 1])
})

test("a batch that fails is refused wholly, and the next one is not", async () => {
  let fails = true
  const publishes = new PublishBatches(async (_, batch) => {
    if (fails) throw new Error("no Redis")
    for (const { draft, resolve } of batch) resolve(receiptOf(draft.id))
  })
  const outcomes = await Promise.allSettled([
    publishes.add(here, draftOf("1"), null),
    publishes.add(here, draftOf("2"), null),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"])
  fails = false
  expect((await publishes.add(here, draftOf("3"), null)).id).toBe("3")
})

test("more than may wait are refused at once, and there is room again when the others are answered", async () => {
  const batches: (readonly PendingPublish[])[] = []
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const publishes = new PublishBatches(async (_, batch) => {
    batches.push(batch)
    await released
    for (const { draft, resolve } of batch) resolve(receiptOf(draft.id))
  })
  const draft = draftOf("1")
  const waiting = Array.from({ length: 50_000 }, () => publishes.add(here, draft, null))
  await expect(publishes.add(here, draft, null)).rejects.toThrow("too many publishes wait")
  release()
  await Promise.all(waiting)
  await new Promise((resolve) => setImmediate(resolve))
  expect((await publishes.add(here, draft, null)).id).toBe("1")
})
