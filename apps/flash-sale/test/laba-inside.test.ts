// A Laba inside the shop that keeps everything in memory, and so forgets everything with the process.
import { expect, test } from "bun:test"
import { ShopProcess, until } from "./shop-process.ts"

test("after a kill that took Laba's memory too, every ticket is there from the first poll on", async () => {
  await using shop = await ShopProcess.start({ args: ["--laba-engine", "memory"] })
  await shop.operator("POST", "/sales", {
    id: "s",
    title: "A sale",
    startsAt: Date.now(),
    items: [{ id: "i", title: "A thing", stock: 5, price: 1 }],
  })
  const crowd = await Promise.all(Array.from({ length: 40 }, (_, at) => shop.logIn(`u${at}`)))
  for (const one of crowd) expect((await one.enter("s")).status).toBe(201)
  // Those who have their end are not told again because something is still to come for them.
  await shop.operator("POST", "/sales/s/close")
  const decided = await Promise.all(
    crowd.map((one) =>
      until(
        () => one.poll("s"),
        (record) => record !== null && record.state !== "queued" && record.state !== "waitlisted",
      ),
    ),
  )
  await shop.kill()
  await shop.start()
  // At once and all together: nobody has waited for the shop to notice what was lost.
  const again = await Promise.all(crowd.map((one) => one.poll("s")))
  expect(again).toEqual(decided)
}, 60_000)
