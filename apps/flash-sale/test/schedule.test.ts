// The start of a sale can be moved, until somebody counts on it.
import { afterAll, beforeAll, expect, test } from "bun:test"
import { ShopProcess, until } from "./shop-process.ts"

let shop: ShopProcess
beforeAll(async () => {
  shop = await ShopProcess.start()
}, 60_000)
afterAll(() => shop[Symbol.asyncDispose]())

const hour = 3_600_000

async function freshSale(id: string, given: Record<string, unknown>): Promise<Record<string, number>> {
  const answer = await shop.operator("POST", "/sales", {
    id,
    title: "A sale",
    items: [{ id: "i", title: "A thing", stock: 1, price: 1 }],
    ...given,
  })
  expect(answer.status).toBe(201)
  return (await answer.json()) as Record<string, number>
}

const move = (id: string, startsAt: number): Promise<Response> =>
  shop.operator("PUT", `/sales/${id}/start`, { startsAt })

test("a start is moved, and the draw keeps its distance; everybody hears of it", async () => {
  const startsAt = Date.now() + hour
  await freshSale("moved", { startsAt, mode: "lottery", drawAt: startsAt + 60_000 })
  const answer = await move("moved", startsAt + hour)
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({
    startsAt: startsAt + hour,
    decidesAt: startsAt + hour + 60_000,
  })
  await until(
    // Empty until it was told for the first time.
    async () => (await fetch(`${shop.labaUrl}/sales/moved`)).text(),
    (told) => told.includes(`"startsAt":${startsAt + hour}`),
  )
})

test("it stays where it is once somebody stands at the door, once it has begun, and beyond its end", async () => {
  const startsAt = Date.now() + hour
  await freshSale("stood-at", { startsAt, mode: "shuffle", lobbyAt: Date.now() })
  const ann = await shop.logIn("ann")
  expect((await ann.enter("stood-at")).status).toBe(201)
  expect((await move("stood-at", startsAt + hour)).status).toBe(409)
  await freshSale("begun", { startsAt: Date.now() })
  await until(
    async () =>
      (await (await fetch(`${shop.url}/api/sales/begun`)).json()) as { standing: { phase: string } },
    (sale) => sale.standing.phase === "open",
  )
  expect((await move("begun", startsAt)).status).toBe(409)
  await freshSale("ending", { startsAt, endsAt: startsAt + hour })
  expect((await move("ending", startsAt + hour)).status).toBe(409)
  expect((await move("ending", -1)).status).toBe(400)
})

test("a start that was moved outlives a restart", async () => {
  const startsAt = Date.now() + hour
  await freshSale("kept", { startsAt })
  await move("kept", startsAt + 1000)
  await shop.kill()
  await shop.start()
  const sale = (await (await fetch(`${shop.url}/api/sales/kept`)).json()) as { startsAt: number }
  expect(sale.startsAt).toBe(startsAt + 1000)
}, 60_000)
