import { expect, test } from "bun:test"
import { createHmac } from "node:crypto"
import { seal, tokenFor, unseal } from "./seal.ts"

const secret = "a secret of the desk"
const now = 1_800_000_000_000
const sealed = seal("shop1", { use: "kitchen", until: now + 60_000, secret })

test("what was sealed is read again, until its time is over", () => {
  expect(unseal(sealed, { use: "kitchen", secret, nowMs: now })).toBe("shop1")
  expect(unseal(sealed, { use: "kitchen", secret, nowMs: now + 60_001 })).toBeNull()
})

test("what was sealed for one use is nothing for another, nor under another secret", () => {
  expect(unseal(sealed, { use: "customer", secret, nowMs: now })).toBeNull()
  expect(unseal(sealed, { use: "kitchen", secret: "another", nowMs: now })).toBeNull()
})

test("nothing of it can be changed", () => {
  for (let at = 0; at < sealed.length; at++) {
    const changed = sealed.slice(0, at) + (sealed[at] === "A" ? "B" : "A") + sealed.slice(at + 1)
    const read = unseal(changed, { use: "kitchen", secret, nowMs: now })
    // The last character of base64url has bits that count for nothing, but the text is compared and not what it stands for.
    expect(read).toBeNull()
  }
  for (const text of ["", ".", "..", "a.b.c", "x".repeat(500)])
    expect(unseal(text, { use: "kitchen", secret, nowMs: now })).toBeNull()
})

test("a token for Laba is a JWT that names the user and ends after an hour", () => {
  const [header = "", claims = "", signature] = tokenFor("shop1", secret, now).split(".")
  const read = (part: string): unknown => JSON.parse(Buffer.from(part, "base64url").toString())
  expect(read(header)).toEqual({ alg: "HS256", typ: "JWT" })
  expect(read(claims)).toEqual({
    iss: "takeaway",
    aud: "laba",
    sub: "shop1",
    iat: now / 1000,
    exp: now / 1000 + 3600,
  })
  expect(signature).toBe(createHmac("sha256", secret).update(`${header}.${claims}`).digest("base64url"))
})
