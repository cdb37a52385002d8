// The part of the engines' contract that is about bounds: what goes when a budget is used up, and whose.
import { expect, test } from "bun:test"
import type { Keep } from "../../src/channels/channel.ts"
import { parseChannel } from "../../src/channels/name.ts"
import type { Publisher } from "../../src/engines/engine.ts"
import type { ChannelInfo, Inventory } from "../../src/engines/inventory.ts"
import { bounds, codeOf, draft, type EngineMaker, keep, open } from "./contract-stage.ts"

/** The channels below a name that have messages. */
async function keptUnder(engine: Inventory, name: string): Promise<ChannelInfo[]> {
  const all: ChannelInfo[] = []
  for (let next: string | null = null; ;) {
    const page = await engine.channelsPage(next, 1000)
    all.push(...page.channels.filter(({ channel, kept }) => kept > 0 && channel.startsWith(name)))
    if (page.next === null) return all
    next = page.next
  }
}

/** Payloads alone: what an engine counts beside them is its own affair. */
const bytesOf = (channels: readonly ChannelInfo[]): number =>
  channels.reduce((sum, { bytes }) => sum + bytes, 0)

/** Waits until it is so: an engine may bring its budget back a moment later. */
async function settles(isSo: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 300 && !(await isSo()); i++) await Bun.sleep(100)
  expect(await isSo()).toBe(true)
}

/** Declares its tests within the engine's own. */
export function budgetContract(maker: EngineMaker): void {
  const start = (options: Parameters<typeof open>[1]) => open(maker, options)

  test("trims the least recently used channels when the node's budget is used up, and resets who comes for them", async () => {
    await using t = await start({ idempotencyKeysMax: 10, historyBytesMax: 100_000 })
    const first = await t.engine.publish(draft("/old", "x".repeat(1000)), keep)
    for (let i = 0; i < 200; i++) await t.engine.publish(draft(`/c${i}`, "x".repeat(1000)), keep)
    const after = { epoch: first.position.epoch, offset: 0 }
    const read = async () => t.engine.history(parseChannel("/old", "body"), after, keep, bounds)
    // An engine may bring its budget back a moment later.
    for (let i = 0; i < 3000 && !("reset" in (await read())); i++) await Bun.sleep(10)
    expect("reset" in (await read())).toBe(true)
    const newest = await t.engine.state(parseChannel("/c199", "body"), keep)
    expect(newest.kept).toBe(1)
  })

  test("who has more than their share of a full budget loses their own history, and nobody else any", async () => {
    const budget = 400_000
    await using t = await start({ idempotencyKeysMax: 10, historyBytesMax: budget })
    const by = (publisher: Publisher) => ({ publisher })
    const body = "x".repeat(1000)
    for (let i = 0; i < 60; i++) await t.engine.publish(draft(`/shop/${i}`, body, by("key:shop")), keep)
    for (let i = 0; i < 20; i++) await t.engine.publish(draft(`/user/${i}`, body, by("user:7")), keep)
    for (let i = 0; i < 20; i++) await t.engine.publish(draft(`/nobody/${i}`, body), keep)
    // Three times the budget, from one address, also into what others have begun.
    const flood = by("address:203.0.113.7")
    for (let i = 0; i < 1200; i++) await t.engine.publish(draft(`/flood/${i}`, body, flood), keep)
    for (let i = 0; i < 20; i++) await t.engine.publish(draft(`/user/${i}`, body, flood), keep)
    await settles(async () => bytesOf(await keptUnder(t.engine, "/")) <= budget)
    const kept = await Promise.all(["/shop/", "/user/", "/nobody/"].map((name) => keptUnder(t.engine, name)))
    expect(kept.map((channels) => channels.length)).toEqual([60, 20, 20])
    // A backend has no share but the budget: it may push out what is used least.
    for (let i = 0; i < 400; i++) await t.engine.publish(draft(`/more/${i}`, body, by("key:shop")), keep)
    await settles(async () => bytesOf(await keptUnder(t.engine, "/")) <= budget)
    expect((await keptUnder(t.engine, "/more/")).length).toBeGreaterThan(200)
  }, 60_000)

  test("a rule that has more than its budget loses its own history, whoever publishes, and nobody else any", async () => {
    const budget = 400_000
    await using t = await start({ idempotencyKeysMax: 10, historyBytesMax: budget })
    const body = "x".repeat(1000)
    for (let i = 0; i < 60; i++) await t.engine.publish(draft(`/others/${i}`, body), keep)
    const chat = {
      ...(keep as NonNullable<Keep>),
      budget: { name: "rule:/chat/**", bytes: 100_000 } as const,
    }
    const publishers: Publisher[] = ["key:shop", "user:7", "address:203.0.113.7"]
    for (let i = 0; i < 900; i++)
      await t.engine.publish(draft(`/chat/${i}`, body, { publisher: publishers[i % 3] }), chat)
    await settles(async () => bytesOf(await keptUnder(t.engine, "/")) <= budget)
    expect((await keptUnder(t.engine, "/others/")).length).toBe(60)
    // What nobody else needs it may have; it is the budget that is used up, or its own part.
    expect((await keptUnder(t.engine, "/chat/")).length).toBeGreaterThan(50)
  }, 60_000)

  test("[P15] one publisher has as many keys remembered as are still free, a backend four times as many, and others find room", async () => {
    await using t = await start({ idempotencyKeysMax: 100, historyBytesMax: 1e7 })
    const taken = async (publisher: Publisher): Promise<number> => {
      for (let count = 0; ; count++) {
        const idempotency = { key: `${publisher} ${count}`, digest: "d" }
        const code = await codeOf(() => t.engine.publish(draft("/a", "x", { publisher, idempotency }), keep))
        if (code !== "no error") {
          expect(code).toBe("too_many_keys")
          return count
        }
      }
    }
    expect(await taken("address:203.0.113.7")).toBe(50)
    expect(await taken("user:7")).toBe(25)
    expect(await taken("key:shop")).toBe(20)
    // What was published under a key is known all the same.
    const idempotency = { key: "user:7 0", digest: "d" }
    expect(
      await t.engine.publish(draft("/a", "x", { publisher: "user:7", idempotency }), keep),
    ).toMatchObject({
      duplicate: true,
    })
  })

  test("keys that come at once are as bounded as those that come one by one", async () => {
    await using t = await start({ idempotencyKeysMax: 40, historyBytesMax: 1e7 })
    const publishes = Array.from({ length: 200 }, (_, index) =>
      codeOf(() =>
        t.engine.publish(draft("/a", "x", { idempotency: { key: `${index}`, digest: "d" } }), keep),
      ),
    )
    const codes = await Promise.all(publishes)
    expect(codes.filter((code) => code === "no error").length).toBe(40)
  })

  test("with hundreds of idle listeners the budget holds, and nobody else pays for them", async () => {
    const budget = 200_000
    await using t = await start({ idempotencyKeysMax: 10, historyBytesMax: budget })
    // Heard of once and never published to, so many that their names alone would fill the budget.
    for (let i = 0; i < 1000; i++) await t.engine.listen(parseChannel(`/named/${i}`, "body"), keep)
    for (let i = 0; i < 20; i++) await t.engine.publish(draft(`/kept/${i}`, "x".repeat(500)), keep)
    // And those with a message each, that are idle from then on.
    for (let i = 0; i < 300; i++) {
      await t.engine.listen(parseChannel(`/idle/${i}`, "body"), keep)
      await t.engine.publish(draft(`/idle/${i}`, "x"), keep)
    }
    await Bun.sleep(2500)
    expect((await keptUnder(t.engine, "/kept/")).length).toBe(20)
    // Only now does more come than there is room for.
    for (let i = 0; i < 400; i++) await t.engine.publish(draft(`/busy/${i}`, "x".repeat(1000)), keep)
    await settles(async () => bytesOf(await keptUnder(t.engine, "/")) <= budget)
    expect(bytesOf(await keptUnder(t.engine, "/busy/"))).toBeGreaterThan(budget / 4)
    // Who listened all the while stands where they stood, and what is idle still hears.
    await t.engine.publish(draft("/idle/0", "again"), keep)
    const heard = await t.events.receive(301)
    expect(heard.at(-1)).toMatchObject({ channel: "/idle/0", offset: 2 })
    for (let i = 0; i < 1000; i++) await t.engine.unlisten(parseChannel(`/named/${i}`, "body"))
  }, 60_000)

  test("goes back under its budget after quiet, whoever listens", async () => {
    const budget = 100_000
    await using t = await start({ idempotencyKeysMax: 10, historyBytesMax: budget })
    for (let i = 0; i < 300; i++) await t.engine.listen(parseChannel(`/idle/${i}`, "body"), keep)
    await Promise.all(
      Array.from({ length: 300 }, (_, i) => t.engine.publish(draft(`/idle/${i}`, "x".repeat(3000)), keep)),
    )
    await settles(async () => bytesOf(await keptUnder(t.engine, "/")) <= budget)
  }, 60_000)
}
