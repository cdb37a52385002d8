import { expect, test } from "bun:test"
import { makeKey } from "../access/credentials/keys.ts"
import { Connections } from "../transports/connections/connections.ts"
import { redactSecrets } from "./redact-secrets.ts"

test("a connection's id is told without its tag, wherever it stands", () => {
  const connections = new Connections("k3v9x2")
  for (const number of [1, 35, 36, 250_000]) {
    const id = connections.idOf(number)
    const tag = id.split("-").slice(2).join("-")
    for (const around of [
      `/_/session/${id}`,
      `{"path":"/_/api/connections/${id}"}`,
      `${id}/unregister`,
      id,
    ]) {
      expect(redactSecrets(around)).not.toContain(tag)
      expect(redactSecrets(around)).toContain(`-${number.toString(36)}-…`)
    }
  }
})

test("tokens, keys and passwords in addresses are not told", () => {
  const { text } = makeKey("shop.eu")
  expect(redactSecrets(`key ${text}.`)).toBe("key laba_shop.eu_….")
  expect(redactSecrets("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln end")).toBe("token eyJ… end")
  expect(redactSecrets("redis://ann:secret@10.0.0.1:6379/0")).toBe("redis://…@10.0.0.1:6379/0")
})

test("what only looks a little like them stays", () => {
  for (const text of [
    "550e8400-e29b-41d4-a716-446655440000",
    "/orders/2026-11-30-something-longer-than-that",
    "laba_publishes_total",
    "http://127.0.0.1:8080/a@b",
    "2026-11-30T10:00:00.000Z",
  ])
    expect(redactSecrets(text)).toBe(text)
})

test("a long line costs no more than its length", () => {
  for (const piece of ["a", "a-", "a-b-", "eyJ", "laba_", "://x"]) {
    const began = performance.now()
    redactSecrets(piece.repeat(20_000))
    // Quadratic it would be minutes.
    expect(performance.now() - began).toBeLessThan(2000)
  }
})
