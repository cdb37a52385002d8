// Every refusal as it crosses HTTP: status, code, what to do next, and when to come back.
import { Database } from "bun:sqlite"
import { expect, setDefaultTimeout, test } from "bun:test"
import { join } from "node:path"
import { type RefusalCode, refusals } from "../model/wire/refusal.ts"
import { onShop } from "./shop-stage.ts"
import type { Buyer } from "./shop-process.ts"
import { until } from "./shop-process.ts"

// Each write that meets a locked file waits for two seconds, and there may be some before the one that is waited for.
setDefaultTimeout(120_000)

/** The answer of a shop that does not let somebody in. */
interface Refused {
  readonly status: number
  readonly type: string | null
  readonly retryAfter: string | null
  readonly body: Readonly<Record<string, unknown>>
}

interface Wish {
  readonly key?: string
  readonly token?: string | null
  readonly body?: unknown
}

onShop(
  () => ({}),
  (stage) => {
    /** Enters without any of the manners of a client: what comes back is what the shop says. */
    async function knock(one: Buyer, sale: string, { key = one.user, token = null, body }: Wish = {}) {
      const answer = await fetch(`${stage.shop.url}/api/sales/${sale}/tickets`, {
        method: "POST",
        headers: {
          Authorization: `Bearer ${one.token}`,
          "Idempotency-Key": key,
          ...(token !== null && { "Buy-Token": token }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      return refusedIn(answer)
    }

    async function refusedIn(answer: Response): Promise<Refused> {
      return {
        status: answer.status,
        type: answer.headers.get("content-type"),
        retryAfter: answer.headers.get("retry-after"),
        body: (await answer.json()) as Record<string, unknown>,
      }
    }

    const tokenFor = async (one: Buyer, sale: string): Promise<string> =>
      (await one.ask("POST", `/sales/${sale}/token`)).body["token"] as string

    /** Enters as a client does, with a token. */
    const enter = async (one: Buyer, sale: string, wish: Omit<Wish, "token"> = {}): Promise<Refused> =>
      knock(one, sale, { ...wish, token: await tokenFor(one, sale) })

    /** Holds a refusal to its line in the table, and its header to its body. */
    function expectRefusal(refused: Refused, code: RefusalCode, seconds: readonly [number, number] | null) {
      const { status, next, title } = refusals[code]
      expect(refused).toMatchObject({
        status,
        type: "application/problem+json; charset=utf-8",
        body: { type: "about:blank", status, code, detail: title, next },
      })
      if (seconds === null) {
        expect(refused.retryAfter).toBeNull()
        expect(refused.body).not.toHaveProperty("retryAfterSeconds")
      } else {
        expect(refused.retryAfter).toBe(String(refused.body["retryAfterSeconds"]))
        expect(Number(refused.retryAfter)).toBeGreaterThanOrEqual(seconds[0])
        expect(Number(refused.retryAfter)).toBeLessThanOrEqual(seconds[1])
      }
    }

    const many = { items: [{ id: "i", title: "A thing", stock: 50, price: 1 }] }

    test("NOT_OPEN, for a token and for a ticket, with the seconds until the start", async () => {
      const sale = await stage.freshSale({ startsAt: Date.now() + 600_000 })
      const ann = await stage.buyer()
      const asked = await fetch(`${stage.shop.url}/api/sales/${sale}/token`, {
        method: "POST",
        headers: { Authorization: `Bearer ${ann.token}` },
      })
      expectRefusal(await refusedIn(asked), "NOT_OPEN", [300, 600])
      expectRefusal(await knock(ann, sale), "NOT_OPEN", [300, 600])
    })

    test("CLOSED, which does not open again", async () => {
      const sale = await stage.freshSale()
      await stage.shop.operator("POST", `/sales/${sale}/close`)
      expectRefusal(await knock(await stage.buyer(), sale), "CLOSED", null)
    })

    test("QUEUE_FULL, with when a place may be free", async () => {
      const sale = await stage.freshSale({ factor: 1, reserve: 0, inflowPerSecond: 0.1 })
      const [ann, ben] = (await stage.buyers(2)) as [Buyer, Buyer]
      expect((await enter(ann, sale)).status).toBe(201)
      expectRefusal(await knock(ben, sale), "QUEUE_FULL", [1, 300])
    })

    test("SOLD_OUT, once everything is paid for", async () => {
      const sale = await stage.freshSale()
      const [ann, ben] = (await stage.buyers(2)) as [Buyer, Buyer]
      expect((await enter(ann, sale)).status).toBe(201)
      await until(
        () => ann.poll(sale),
        (record) => record?.state === "won",
      )
      const { body } = await ann.ask("POST", `/sales/${sale}/order/pay`)
      await fetch(body["payUrl"] as string, { method: "POST" })
      await until(
        () => ann.poll(sale),
        (record) => record?.order?.state === "paid",
      )
      expectRefusal(await knock(ben, sale), "SOLD_OUT", null)
    })

    test("TOO_FAST, to who hammers, and a known key gets its answer all the same", async () => {
      const sale = await stage.freshSale(many)
      const [ann, ben] = (await stage.buyers(2)) as [Buyer, Buyer]
      const first = await enter(ann, sale, { key: "mine" })
      expect(first.status).toBe(201)
      const hammered = await Promise.all(Array.from({ length: 40 }, () => knock(ann, sale, { key: "other" })))
      const tooFast = hammered.filter(({ status }) => status === 429)
      expect(tooFast.length).toBeGreaterThanOrEqual(20)
      for (const refused of tooFast) expectRefusal(refused, "TOO_FAST", [1, 5])
      for (let attempt = 0; attempt < 15; attempt++)
        expect(await knock(ann, sale, { key: "mine" })).toEqual(first)
      expect((await enter(ben, sale)).status).toBe(201)
    })

    test("BAD_TOKEN, for none, for another's and for a forged one, and the right one is good still", async () => {
      const sale = await stage.freshSale(many)
      const [ann, ben] = (await stage.buyers(2)) as [Buyer, Buyer]
      const token = await tokenFor(ann, sale)
      expectRefusal(await knock(ann, sale), "BAD_TOKEN", null)
      expectRefusal(await knock(ann, sale, { body: { token: 17 } }), "BAD_TOKEN", null)
      expectRefusal(await knock(ben, sale, { token }), "BAD_TOKEN", null)
      expectRefusal(await knock(ann, sale, { body: { token: `${token}x` } }), "BAD_TOKEN", null)
      expect((await knock(ann, sale, { body: { token } })).status).toBe(201)
    })

    test("NO_SUCH_ITEM, for an item that is missing, unknown or no text, with those that there are", async () => {
      const items = ["a", "b"]
      const sale = await stage.freshSale({
        items: items.map((id) => ({ id, title: id, stock: 5, price: 1 })),
      })
      const ann = await stage.buyer()
      const token = await tokenFor(ann, sale)
      for (const body of [undefined, {}, { item: null }, { item: "c" }, { item: 7 }, { item: ["a"] }]) {
        const refused = await knock(ann, sale, { token, body })
        expectRefusal(refused, "NO_SUCH_ITEM", null)
        expect(refused.body["items"]).toEqual(items)
      }
      expect(await knock(ann, sale, { token, body: { item: "b" } })).toMatchObject({
        status: 201,
        body: { item: "b" },
      })
    })

    test("a sale of one item needs no item, and refuses another", async () => {
      const sale = await stage.freshSale(many)
      const [ann, ben, cid] = (await stage.buyers(3)) as [Buyer, Buyer, Buyer]
      expectRefusal(await enter(ann, sale, { body: { item: "j" } }), "NO_SUCH_ITEM", null)
      expect((await enter(ann, sale)).status).toBe(201)
      expect((await enter(ben, sale, { body: { item: null } })).status).toBe(201)
      expect((await enter(cid, sale, { body: { item: "i" } })).status).toBe(201)
    })

    test("ALREADY_IN, with the ticket that the caller holds", async () => {
      const sale = await stage.freshSale(many)
      const ann = await stage.buyer()
      const { body } = await enter(ann, sale)
      const refused = await knock(ann, sale, { key: "another" })
      expectRefusal(refused, "ALREADY_IN", null)
      expect(refused.body).toMatchObject({
        number: body["number"],
        ticket: { number: body["number"], item: "i" },
      })
    })

    test("KEY_CONFLICT, when the same key comes with another item", async () => {
      const sale = await stage.freshSale({
        items: ["a", "b"].map((id) => ({ id, title: id, stock: 5, price: 1 })),
      })
      const ann = await stage.buyer()
      expect((await enter(ann, sale, { body: { item: "a" } })).status).toBe(201)
      expectRefusal(await knock(ann, sale, { body: { item: "b" } }), "KEY_CONFLICT", null)
    })

    test("NOT_SAVED, when the books cannot be written, and the same key gets in afterwards", async () => {
      const sale = await stage.freshSale(many)
      const ann = await stage.buyer()
      const token = await tokenFor(ann, sale)
      const books = new Database(join(stage.shop.directory, "ledger.sqlite"))
      books.run("PRAGMA busy_timeout = 20000")
      books.run("BEGIN IMMEDIATE")
      try {
        expectRefusal(await knock(ann, sale, { token }), "NOT_SAVED", [1, 1])
      } finally {
        books.run("ROLLBACK")
        books.close()
      }
      expect((await knock(ann, sale, { token })).status).toBe(201)
    })
  },
)
