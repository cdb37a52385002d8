// What the operator is shown of one sale: its own figures and no other's, and those that are in the books after a kill as before.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import type { CurvesView, OperatorView } from "../model/wire/api.ts"
import { decided } from "./shop-stage.ts"
import { type Buyer, ShopProcess, until } from "./shop-process.ts"

setDefaultTimeout(120_000)

let shop: ShopProcess

beforeAll(async () => {
  shop = await ShopProcess.start()
  for (const id of ["one", "other"])
    await shop.operator("POST", "/sales", {
      id,
      title: id,
      startsAt: Date.now(),
      items: [{ id: "i", title: "A thing", stock: 2, price: 1 }],
    })
})

afterAll(() => shop[Symbol.asyncDispose]())

const viewOf = async (sale: string): Promise<OperatorView> =>
  (await (await shop.operator("GET", `/sales/${sale}`)).json()) as OperatorView

const curvesOf = async (sale: string): Promise<CurvesView> =>
  (await (await shop.operator("GET", `/sales/${sale}/curves`)).json()) as CurvesView

const results = ({ timeToResult }: OperatorView): number =>
  timeToResult.counts.reduce((sum, each) => sum + each, 0)

test("results, refusals and curves are of the one sale", async () => {
  const crowd: Buyer[] = []
  for (let at = 0; at < 4; at++) crowd.push(await shop.logIn(`u${at}`))
  for (const one of crowd) {
    await one.enter("one")
    await decided(one, "one")
  }
  expect((await crowd[0]?.enter("one", "again"))?.body).toMatchObject({ code: "ALREADY_IN" })
  const one = await viewOf("one")
  // Two won; two are on the wait-list, and have no result yet.
  expect([results(one), one.standing.waitlisted]).toEqual([2, 2])
  expect(one.refused).toEqual({ ALREADY_IN: 1 })
  const other = await viewOf("other")
  expect([results(other), other.refused]).toEqual([0, {}])
  const metrics = await (await fetch(`${shop.url}/metrics`)).text()
  expect(metrics).toContain('flash_sale_result_seconds_count{sale="one"} 2\n')
  expect(metrics).toContain('flash_sale_result_seconds_count{sale="other"} 0\n')
  const { samples } = await until(
    () => curvesOf("one"),
    (curves) => curves.samples.at(-1)?.tickets === 4 && curves.samples.length > 1,
  )
  expect(samples.at(-1)).toMatchObject({ waitlisted: 2, queued: 0, served: 4, sold: 0 })
  expect((await curvesOf("other")).samples.at(-1)).toMatchObject({ tickets: 0 })
})

test("after a kill the results are there as they were, and refusals say since when they are counted", async () => {
  const before = await viewOf("one")
  await shop.kill()
  await shop.start()
  const after = await viewOf("one")
  expect(after.timeToResult).toEqual(before.timeToResult)
  expect(after.refused).toEqual({})
  expect(after.refusedSince).toBeGreaterThan(before.refusedSince)
})

test("the curves are for the operator", async () => {
  expect((await fetch(`${shop.url}/api/operator/sales/one/curves`)).status).toBe(401)
})
