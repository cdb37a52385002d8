import { expect, test } from "bun:test"
import { openingSale } from "./opening-sale.ts"

interface Listed {
  readonly phase: string
  readonly gone: readonly boolean[]
}

/** The ids of the sales that were made at a shop that has these. */
async function madeWith(sales: readonly Listed[]): Promise<string[]> {
  const made: string[] = []
  await using shop = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      if (request.method === "POST") {
        made.push(((await request.json()) as { id: string }).id)
        return Response.json({}, { status: 201 })
      }
      const listed = sales.map(({ phase, gone }, at) => ({
        id: `sale-${at}`,
        standing: { phase, items: gone.map((one) => ({ gone: one })) },
      }))
      return Response.json({ sales: listed })
    },
  })
  await openingSale({ url: `http://127.0.0.1:${shop.port}`, operatorKey: "key" })
  return made
}

const madeId = expect.stringMatching(/^lantern-[0-9a-f]{8}$/)

test("no sale is called as one before, though that was put away and is not listed", async () => {
  const ids = [...(await madeWith([])), ...(await madeWith([])), ...(await madeWith([]))]
  expect(new Set(ids).size).toBe(3)
})

test("a sale is made for whoever finds none, or only such as have ended", async () => {
  expect(await madeWith([])).toEqual([madeId])
  expect(await madeWith([{ phase: "closed", gone: [false] }])).toEqual([madeId])
})

test("a demo that is sold out is not sold out for ever: started again, it has a new sale", async () => {
  expect(await madeWith([{ phase: "open", gone: [true] }])).toEqual([madeId])
})

test("a sale with something left, or that could come back, goes on", async () => {
  expect(await madeWith([{ phase: "open", gone: [true, false] }])).toEqual([])
  expect(await madeWith([{ phase: "scheduled", gone: [false] }])).toEqual([])
  expect(await madeWith([{ phase: "paused", gone: [false] }])).toEqual([])
})
