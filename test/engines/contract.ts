// What every engine must do, run by a three-line file an engine. `make` gives a fresh engine on fresh storage.
import { describe, expect, test } from "bun:test"
import { parseChannel } from "../../src/channels/name.ts"
import type { Keep } from "../../src/channels/channel.ts"
import type { Draft, Message, HistoryPage } from "../../src/engines/engine.ts"
import { budgetContract } from "./budget-contract.ts"
import { sourceContract } from "./source-contract.ts"
import { bounds, codeOf, draft, type EngineMaker, keep, open } from "./contract-stage.ts"

const messagesOf = (page: HistoryPage): readonly Message[] => {
  if ("reset" in page) throw new Error(`a reset (${page.reset}) where messages were expected`)
  return page.messages
}

export function engineContract(name: string, maker: EngineMaker): void {
  const start = (options?: Parameters<typeof open>[1]) => open(maker, options)
  const a = parseChannel("/a", "body")

  describe(`engine ${name}`, () => {
    test("numbers a channel's messages 1, 2, 3 in one epoch, each channel by itself", async () => {
      await using t = await start()
      const receipts = []
      for (let i = 0; i < 3; i++) receipts.push(await t.engine.publish(draft("/a", `m${i}`), keep))
      const other = await t.engine.publish(draft("/b", "x"), keep)
      expect(receipts.map((receipt) => receipt.position.offset)).toEqual([1, 2, 3])
      expect(new Set(receipts.map((receipt) => receipt.position.epoch)).size).toBe(1)
      expect(other.position.offset).toBe(1)
      expect(other.duplicate).toBe(false)
    })

    test("gives back exactly what was published: text, JSON, bytes, headers, types, ids and times", async () => {
      await using t = await start()
      const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
      const sent = [
        draft("/a", "text ✓ 喇叭\n\r\0"),
        draft("/a", '{"a":1.10}', { type: "application/json" }),
        draft("/a", bytes, { type: "image/png" }),
        draft("/a", ""),
        draft("/a", "with headers", {
          headers: [
            ["x:colour", "red\nand 青"],
            ["empty", ""],
          ],
          bytes: 40,
        }),
        draft("/a", bytes, { headers: [["x", "y"]], bytes: 258 }),
      ]
      const sentAt = Date.now()
      for (const each of sent) await t.engine.publish(each, keep)
      const state = await t.engine.state(a, keep)
      const page = await t.engine.history(a, { epoch: state.tail.epoch, offset: 0 }, keep, bounds)
      const got = messagesOf(page)
      for (const [index, message] of got.entries()) {
        const original = sent[index] as Draft
        const { offset, type, id, time } = message
        // An engine elsewhere has a clock of its own: not to the millisecond that of this test.
        expect(Math.abs(time - sentAt)).toBeLessThan(60_000)
        expect({ offset, type, id }).toEqual({
          offset: index + 1,
          type: original.type,
          id: original.id,
        })
        expect(message.data).toEqual(original.data)
        expect(message.bytes).toBe(original.bytes)
        expect(message.headers).toEqual(original.headers as never)
      }
      expect(state.newest?.offset).toBe(6)
      expect(state.kept).toBe(6)
    })

    test("delivers what comes after `listen`, in order and without holes, and nothing after `unlisten`", async () => {
      await using t = await start()
      await t.engine.publish(draft("/a", "before"), keep)
      const position = await t.engine.listen(a, keep)
      expect(position.offset).toBe(1)
      for (let i = 0; i < 50; i++) await t.engine.publish(draft("/a", `m${i}`), keep)
      await t.engine.publish(draft("/b", "unheard"), keep)
      const heard = await t.events.receive(50)
      expect(heard.map((message) => message.offset)).toEqual(Array.from({ length: 50 }, (_, i) => i + 2))
      await t.engine.unlisten(a)
      await t.engine.publish(draft("/a", "after"), keep)
      await t.events.receive(50)
    })

    test("listening to an empty channel stands at 0, and the first message is 1 of the same epoch", async () => {
      await using t = await start()
      const position = await t.engine.listen(a, keep)
      const receipt = await t.engine.publish(draft("/a", "first"), keep)
      expect(position.offset).toBe(0)
      expect(receipt.position).toEqual({ epoch: position.epoch, offset: 1 })
    })

    test("a cursor taken from an empty channel resumes from its first message on", async () => {
      await using t = await start()
      const { tail } = await t.engine.state(a, keep)
      await t.engine.publish(draft("/a", "1"), keep)
      expect(
        messagesOf(await t.engine.history(a, tail, keep, bounds)).map((message) => message.data),
      ).toEqual(["1"])
    })

    test("pages by count and by bytes, always at least one message, and says when there is more", async () => {
      await using t = await start()
      for (let i = 0; i < 10; i++) await t.engine.publish(draft("/a", "x".repeat(100)), keep)
      const { epoch } = (await t.engine.state(a, keep)).tail
      const from = { epoch, offset: 0 }
      const three = await t.engine.history(a, from, keep, { messages: 3, bytes: 1e6 })
      expect(messagesOf(three).map((message) => message.offset)).toEqual([1, 2, 3])
      expect(three).toMatchObject({ more: true })
      expect(messagesOf(await t.engine.history(a, from, keep, { messages: 100, bytes: 250 })).length).toBe(2)
      expect(messagesOf(await t.engine.history(a, from, keep, { messages: 100, bytes: 1 })).length).toBe(1)
      const rest = await t.engine.history(a, { epoch, offset: 7 }, keep, { messages: 3, bytes: 1e6 })
      expect(rest).toMatchObject({ more: false, tail: { epoch, offset: 10 } })
      expect(messagesOf(await t.engine.history(a, { epoch, offset: 10 }, keep, bounds))).toEqual([])
    })

    test("keeps within count, bytes and time, and answers a reset to what it no longer reaches", async () => {
      await using t = await start()
      const few: Keep = { count: 3, bytes: 1e6, timeMs: 60_000 }
      for (let i = 0; i < 10; i++) await t.engine.publish(draft("/count", "x"), few)
      const count = parseChannel("/count", "body")
      const { epoch } = (await t.engine.state(count, few)).tail
      expect(messagesOf(await t.engine.history(count, { epoch, offset: 7 }, few, bounds)).length).toBe(3)
      expect(await t.engine.history(count, { epoch, offset: 6 }, few, bounds)).toEqual({
        reset: "trimmed",
        tail: { epoch, offset: 10 },
      })

      const small: Keep = { count: 100, bytes: 250, timeMs: 60_000 }
      for (let i = 0; i < 10; i++) await t.engine.publish(draft("/bytes", "x".repeat(100)), small)
      expect((await t.engine.state(parseChannel("/bytes", "body"), small)).kept).toBe(2)

      const brief: Keep = { count: 100, bytes: 1e6, timeMs: 1000 }
      const short = parseChannel("/time", "body")
      await t.engine.publish(draft("/time", "old"), brief)
      await Bun.sleep(1050)
      await t.engine.publish(draft("/time", "new"), brief)
      const state = await t.engine.state(short, brief)
      expect(state.kept).toBe(1)
      expect(state.newest?.data).toBe("new")
      expect(
        await t.engine.history(short, { epoch: state.tail.epoch, offset: 0 }, brief, bounds),
      ).toMatchObject({
        reset: "trimmed",
      })
    })

    test("answers a reset to another epoch and to a place that was never reached", async () => {
      await using t = await start()
      await t.engine.publish(draft("/a", "x"), keep)
      const { tail } = await t.engine.state(a, keep)
      expect(await t.engine.history(a, { epoch: "nobody", offset: 1 }, keep, bounds)).toEqual({
        reset: "epoch",
        tail,
      })
      expect(await t.engine.history(a, { epoch: tail.epoch, offset: 2 }, keep, bounds)).toEqual({
        reset: "epoch",
        tail,
      })
    })

    test("without history every resume is a reset, yet messages are numbered and delivered", async () => {
      await using t = await start()
      await t.engine.listen(a, null)
      await t.engine.publish(draft("/a", "1"), null)
      await t.engine.publish(draft("/a", "2"), null)
      expect((await t.events.receive(2)).map((message) => message.offset)).toEqual([1, 2])
      const state = await t.engine.state(a, null)
      expect(state).toMatchObject({ history: "none", kept: 0, newest: null })
      expect(await t.engine.history(a, state.tail, null, bounds)).toMatchObject({ reset: "no-history" })
    })

    test("forgets a channel: what was kept is gone, and the numbering starts anew in another epoch", async () => {
      await using t = await start()
      for (let i = 0; i < 3; i++) await t.engine.publish(draft("/a", "x"), keep)
      const before = (await t.engine.state(a, keep)).tail
      expect(await t.engine.forget(a)).toBe(3)
      const receipt = await t.engine.publish(draft("/a", "new"), keep)
      expect(receipt.position.offset).toBe(1)
      expect(receipt.position.epoch).not.toBe(before.epoch)
      expect(await t.engine.history(a, before, keep, bounds)).toMatchObject({ reset: "epoch" })
    })

    test("[P8] knows a key after the channel was forgotten, and publishes nothing again", async () => {
      await using t = await start()
      const keyed = () => draft("/a", "x", { idempotency: { key: "k", digest: "d" } })
      const first = await t.engine.publish(keyed(), keep)
      await t.engine.forget(a)
      expect(await t.engine.publish(keyed(), keep)).toEqual({ ...first, duplicate: true })
      const { kept, tail } = await t.engine.state(a, keep)
      expect([kept, tail.offset]).toEqual([0, 0])
      expect(tail.epoch).not.toBe(first.position.epoch)
      const conflict = draft("/a", "y", { idempotency: { key: "k", digest: "other" } })
      expect(await codeOf(() => t.engine.publish(conflict, keep))).toBe("idempotency_conflict")
    })

    test("the same key and digest publish once; another digest conflicts and changes nothing", async () => {
      await using t = await start()
      await t.engine.listen(a, keep)
      const first = await t.engine.publish(
        draft("/a", "x", { idempotency: { key: "k", digest: "d1" } }),
        keep,
      )
      const again = await t.engine.publish(
        draft("/a", "x", { idempotency: { key: "k", digest: "d1" } }),
        keep,
      )
      expect(again).toEqual({ ...first, duplicate: true })
      const conflict = draft("/a", "y", { idempotency: { key: "k", digest: "d2" } })
      expect(await codeOf(() => t.engine.publish(conflict, keep))).toBe("idempotency_conflict")
      const elsewhere = await t.engine.publish(
        draft("/b", "x", { idempotency: { key: "k", digest: "d2" } }),
        keep,
      )
      expect(elsewhere.duplicate).toBe(false)
      await t.events.receive(1)
      expect((await t.engine.state(a, keep)).tail.offset).toBe(1)
    })

    test("a full table of keys refuses new ones, still knows the old ones, and lets publishes without a key through", async () => {
      await using t = await start({ idempotencyKeysMax: 2, historyBytesMax: 1e7 })
      const keyed = (key: string) => draft("/a", "x", { idempotency: { key, digest: "d" } })
      await t.engine.publish(keyed("1"), keep)
      await t.engine.publish(keyed("2"), keep)
      expect(await codeOf(() => t.engine.publish(keyed("3"), keep))).toBe("too_many_keys")
      expect((await t.engine.publish(keyed("1"), keep)).duplicate).toBe(true)
      expect((await t.engine.publish(draft("/a", "x"), keep)).position.offset).toBe(3)
    })

    budgetContract(maker)
  })
  sourceContract(name, maker)
}
