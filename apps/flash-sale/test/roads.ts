// A shop and its visitors on each of the two roads that a request can take: read by the shop's own thread, or by a thread at
// the front that passes it on. Both must answer the same, so what is tested over HTTP is tested on both.
import { afterAll, beforeAll, describe, expect } from "bun:test"
import type { TicketRecord } from "../model/record.ts"
import { type Buyer, ShopProcess, type ShopProcessOptions, until } from "./shop-process.ts"

interface Stage {
  readonly shop: ShopProcess
  /** Makes a sale with a name of its own, of one unit unless told otherwise. */
  freshSale(given?: Record<string, unknown>): Promise<string>
  /** Somebody who was not here before. */
  buyer(): Promise<Buyer>
  buyers(count: number): Promise<Buyer[]>
}

const roads = [
  ["read by the shop's own thread", "0"],
  ["read by a thread at the front", "1"],
] as const

/** Hooks get more time than they need on a quiet machine. */
const hookMsMax = 90_000

/** Runs the tests on both roads, each on a shop of its own. The stage is set once they run. */
export function onBothRoads(
  options: () => ShopProcessOptions,
  tests: (stage: Stage, frontThreads: number) => void,
): void {
  for (const [name, frontThreads] of roads)
    describe(name, () => {
      let shop: ShopProcess | null = null
      let sales = 0
      let visitors = 0
      beforeAll(async () => {
        const { args = [], env = {} } = options()
        shop = await ShopProcess.start({ args: ["--front-threads", frontThreads, ...args], env })
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
      tests(stage, Number(frontThreads))
    })
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
