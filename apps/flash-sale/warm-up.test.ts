import { expect, test } from "bun:test"
import { DemoLogin } from "./http/login.ts"
import { TextSigner } from "./admission/text-signer.ts"
import { WarmUp } from "./warm-up.ts"

const seal = new TextSigner("a secret of thirty-two characters")

test("takes its own clicks, as many as it sends, and leaves those of others to the shop", async () => {
  const statuses = new Map<number, number>()
  const login = new DemoLogin(seal)
  const warmUp = new WarmUp({ seal, login })
  let others = 0
  using shop = Bun.serve({
    port: 0,
    async fetch(request) {
      const sale = new URL(request.url).pathname.split("/")[3] ?? ""
      const user = login.userOf(request.headers.get("authorization")?.slice(7) ?? "", Date.now()) ?? ""
      const key = request.headers.get("idempotency-key") ?? ""
      const token = request.headers.get("buy-token")
      const reply = await warmUp.enter({ id: 1, sale, user, key, item: null, token })
      if (!reply) others++
      const status = reply?.status ?? 0
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      return new Response(reply?.text ?? "", { status: status || 404 })
    },
  })
  const stranger = { id: 1, sale: "spring", user: "ann", key: "k", item: null, token: null }
  expect(warmUp.enter(stranger)).toBeNull()
  await warmUp.run(shop.url.origin)
  expect([...statuses]).toEqual([[201, 12_000]])
  expect(others).toBe(0)
}, 60_000)

test("a shop with its own login makes no requests", async () => {
  const warmUp = new WarmUp({ seal, login: null })
  await warmUp.run("http://127.0.0.1:1")
}, 60_000)

test("a shop that cannot be reached says so", async () => {
  const warmUp = new WarmUp({ seal, login: new DemoLogin(seal) })
  await expect(warmUp.run("http://127.0.0.1:1")).rejects.toThrow()
}, 60_000)
