// A shop on a machine whose environment names a proxy for everything, as many offices and laptops do.
import { expect, test } from "bun:test"
import { ShopProcess } from "./shop-process.ts"

test("what the shop says to itself does not go through the proxy of its environment", async () => {
  // Nobody listens there: whatever is sent to it fails.
  const proxy = "http://127.0.0.1:9"
  await using shop = await ShopProcess.start({
    env: { HTTP_PROXY: proxy, http_proxy: proxy },
  })
  const made = await shop.operator("POST", "/sales", {
    id: "s",
    title: "A sale",
    startsAt: Date.now(),
    items: [{ id: "i", title: "A thing", stock: 1, price: 100 }],
  })
  expect(made.status).toBe(201)
  const ann = await shop.logIn("ann")
  expect((await ann.enter("s")).status).toBe(201)
  expect((await fetch(shop.url)).status).toBe(200)
}, 60_000)
