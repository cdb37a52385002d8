import { expect, test } from "bun:test"
import { LabaFailure } from "../reason.ts"
import { reasonOfClose, reasonOfRefusal } from "./refusal.ts"

const refusal = (status: number, body: unknown, retryAfter: string | null = null) =>
  reasonOfRefusal({ status, headers: { get: () => retryAfter }, text: async () => JSON.stringify(body) })

test("[E3] the band of a close code decides, also for codes that are new", () => {
  const retries = [4000, 4099, 4100, 4199, 4200, 4299, 1009, 1006, 1012, 4300].map(
    (code) => reasonOfClose(code, "").retry,
  )
  expect(retries).toEqual([
    "stay-away",
    "stay-away",
    "back-off",
    "back-off",
    "at-once",
    "at-once",
    "stay-away",
    "back-off",
    "back-off",
    "back-off",
  ])
  expect(reasonOfClose(4200, "slow").code).toBe("slow")
})

test("[E2] a refusal of Laba's says itself what to do, and for how long", async () => {
  const problem = { code: "unauthorized", retry: "stay-away", detail: "no" }
  expect(await refusal(401, problem)).toMatchObject({ code: "unauthorized", retry: "stay-away" })
  const busy = { code: "too_many_connections", retry: "back-off", detail: "full" }
  expect(await refusal(503, busy, "7")).toMatchObject({ retry: "back-off", retryAfterMs: 7_000 })
})

test("[E7, E8] a refusal's time and bound are read from its body too, where a page may not see the header", async () => {
  const busy = { code: "too_many_connections", retry: "back-off", detail: "full" }
  const facts = { retryAfter: 7, limit: "connectionsPerAddressMax" }
  const reason = await refusal(503, { ...busy, ...facts })
  expect(reason).toEqual({ ...busy, retryAfterMs: 7_000, limit: "connectionsPerAddressMax" } as typeof reason)
  const failure = new LabaFailure(reason)
  expect([failure.retryAfterMs, failure.limit]).toEqual([7_000, "connectionsPerAddressMax"])
})

test("[N10] a session that is gone is opened anew at once", async () => {
  expect((await refusal(410, { code: "gone", retry: "stay-away", detail: "over" })).retry).toBe("at-once")
})

test("what is not Laba's keeps nobody away, nor does what one transport cannot do", async () => {
  expect(await refusal(403, "<html>")).toMatchObject({ code: "network", retry: "back-off" })
  expect(await refusal(403, { code: 7 })).toMatchObject({ code: "network" })
  expect((await refusal(404, { code: "not_found", retry: "stay-away", detail: "" })).retry).toBe("back-off")
})
