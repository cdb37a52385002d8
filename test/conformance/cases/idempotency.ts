// Idempotency-Key: a retry is safe.
import { expect } from "bun:test"
import { headOf, numbers, post, problemIn, publish } from "../../support/publish.ts"
import { everyTransport } from "../../support/transports.ts"
import type { ConformanceCase } from "../case.ts"
import { openReady } from "./order.ts"

export const idempotency: readonly ConformanceCase[] = [
  {
    name: "[P4] answers the same key with the first answer, and publishes once",
    async run({ url }) {
      const first = await publish(url, "x", { key: "k" })
      const again = await post(url, "x", { key: "k" })
      expect(again.status).toBe(200)
      expect(await again.json()).toMatchObject({ cursor: first.cursor, id: first.id, duplicate: true })
      expect(await headOf(url)).toMatchObject({ cursor: first.cursor, length: 1 })
    },
  },
  {
    name: "[P4] publishes once however many retries run at the same time",
    async run({ url }) {
      const answers = await Promise.all(numbers(20).map(() => publish(url, "x", { key: "k" })))
      expect(new Set(answers.map((answer) => answer.cursor)).size).toBe(1)
      expect(answers.filter((answer) => !answer.duplicate)).toHaveLength(1)
      expect(await headOf(url)).toMatchObject({ length: 1 })
    },
  },
  {
    name: "[P4] delivers a message that was retried once",
    over: everyTransport,
    async run({ base, channel, url, transport }) {
      await using listener = await openReady(transport, base, channel)
      for (let retry = 0; retry < 3; retry++) await publish(url, "once", { key: "k" })
      await publish(url, "then")
      expect(await listener.messages(2)).toMatchObject([{ data: "once" }, { data: "then" }])
    },
  },
  {
    name: "[P4] [P6] refuses the same key with another body or type as a conflict, and changes nothing",
    async run({ url }) {
      await publish(url, "x", { key: "k" })
      const before = await headOf(url)
      for (const [body, type] of [
        ["y", "text/plain"],
        ["1", "application/json"],
      ] as const) {
        const response = await post(url, body, { key: "k", type })
        expect(await problemIn(response)).toMatchObject({ status: 409, code: "idempotency_conflict" })
      }
      expect(await headOf(url)).toEqual(before)
    },
  },
  {
    name: "[P4] keeps keys of different channels apart",
    async run({ url }) {
      expect((await publish(`${url}/a`, "x", { key: "k" })).duplicate).toBeFalse()
      expect((await publish(`${url}/b`, "y", { key: "k" })).duplicate).toBeFalse()
    },
  },
  {
    name: "refuses a new key when the table is full, rather than forget one",
    options: { limits: { idempotencyKeysMax: 2 } },
    async run({ url }) {
      await publish(url, "a", { key: "1" })
      await publish(url, "b", { key: "2" })
      const before = await headOf(url)
      const response = await post(url, "c", { key: "3" })
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0)
      expect(await problemIn(response)).toMatchObject({
        status: 429,
        code: "too_many_keys",
        retry: "back-off",
      })
      expect(await headOf(url)).toEqual(before)
      expect((await publish(url, "a", { key: "1" })).duplicate).toBeTrue()
      expect((await publish(url, "d")).duplicate).toBeFalse()
    },
  },
  {
    name: "forgets a key after its time",
    options: { limits: { idempotencySeconds: 1, idempotencyKeysMax: 1 } },
    async run({ url }) {
      await publish(url, "a", { key: "1" })
      const until = Date.now() + 20_000
      let response = await post(url, "b", { key: "2" })
      for (; response.status === 429 && Date.now() < until; response = await post(url, "b", { key: "2" }))
        await Bun.sleep(100)
      expect(response.status).toBe(201)
      expect((await publish(url, "a", { key: "1" }).catch(() => null))?.duplicate ?? false).toBeFalse()
    },
  },
]
