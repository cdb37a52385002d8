import { expect, test } from "bun:test"
import { parseChannel } from "../channels/name.ts"
import { IdempotencyKeys } from "./idempotency-keys.ts"

test("a key that comes as another expires costs what the first ones cost", () => {
  const count = 100_000
  const keys = new IdempotencyKeys({ idempotencyKeysMax: 2 * count, idempotencySeconds: count / 1000 })
  const channel = parseChannel("/a", "path")
  const publishFrom = (start: number): number => {
    const startedAt = performance.now()
    for (let at = start; at < start + count; at++) {
      const draft = { channel, idempotency: { key: `${at}`, digest: "" } }
      keys.find(draft, at)
      keys.remember(draft, { position: { epoch: "e", offset: at }, id: `${at}`, duplicate: false }, at)
    }
    return performance.now() - startedAt
  }
  const firstMs = publishFrom(0)
  const nextMs = publishFrom(count)
  expect(keys.size).toBe(count)
  // Walking over those that had expired took some hundred times as long.
  expect(nextMs).toBeLessThan(50 + 20 * firstMs)
})
