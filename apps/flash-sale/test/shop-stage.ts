// A shop over HTTP, and its visitors.
import { afterAll, beforeAll, expect } from "bun:test"
import type { TicketRecord } from "../model/wire/api.ts"
import { type Buyer, ShopProcess, type ShopProcessOptions, until } from "./shop-process.ts"

interface Stage {
  readonly shop: ShopProcess
  /** Makes a sale with a name of its own, of one unit unless told otherwise. */
  freshSale(given?: Record<string, unknown>): Promise<string>
  /** Somebody who was not here before. */
  buyer(): Promise<Buyer>
  buyers(count: number): Promise<Buyer[]>
}

/** Hooks get more time than they need on a quiet machine. */
const hookMsMax = 90_000

/** Runs tests on a shop of their own. The stage is set once they run. */
export function onShop(options: () => ShopProcessOptions, tests: (stage: Stage) => void): void {
  let shop: ShopProcess | null = null
  let sales = 0
  let visitors = 0
  beforeAll(async () => {
    shop = await ShopProcess.start(options())
  }, hookMsMax)
  afterAll(async () => {
    await shop?.[Symbol.asyncDispose]()
  }, hookMsMax)
  const stage: Stage = {
    get shop() {
      if (shop === null) throw new Error("The shop is there while tests run.")
      return shop
    },
    async freshSale(given = {}) {
      const id = `sale-${++sales}`
      const answer = await stage.shop.operator("POST", "/sales", {
        id,
        title: "A sale",
        startsAt: Date.now(),
        items: [{ id: "i", title: "A thing", stock: 1, price: 4200 }],
        ...given,
      })
      expect(answer.status).toBe(201)
      return id
    },
    buyer: () => stage.shop.logIn(`buyer-${++visitors}`),
    buyers: (count) => Promise.all(Array.from({ length: count }, stage.buyer)),
  }
  tests(stage)
}

/** What a buyer's channel shows once their turn has come. */
export const decided = (one: Buyer, sale: string): Promise<TicketRecord | null> =>
  until(
    () => one.poll(sale),
    (record) => record !== null && record.state !== "queued",
  )

export async function pay(one: Buyer, sale: string): Promise<void> {
  const { body } = await one.ask("POST", `/sales/${sale}/order/pay`)
  expect((await fetch(body["payUrl"] as string, { method: "POST" })).status).toBe(200)
}
