import { expect, test } from "bun:test"
import { readSignedText, signText } from "./signed-cookie.ts"

const secret = "a secret of the server"
const now = 1_800_000_000_000
const signed = signText("shop1", { use: "kitchen", until: now + 60_000, secret })

test("what was signed is read again, until its time is over", () => {
  expect(readSignedText(signed, { use: "kitchen", secret, nowMs: now })).toBe("shop1")
  expect(readSignedText(signed, { use: "kitchen", secret, nowMs: now + 60_001 })).toBeNull()
})

test("what was signed for one use is nothing for another, nor under another secret", () => {
  expect(readSignedText(signed, { use: "customer", secret, nowMs: now })).toBeNull()
  expect(readSignedText(signed, { use: "kitchen", secret: "another", nowMs: now })).toBeNull()
})

test("nothing of it can be changed", () => {
  for (let at = 0; at < signed.length; at++) {
    const changed = signed.slice(0, at) + (signed[at] === "A" ? "B" : "A") + signed.slice(at + 1)
    const read = readSignedText(changed, { use: "kitchen", secret, nowMs: now })
    // The last character of base64url has bits that count for nothing, but the text is compared and not what it stands for.
    expect(read).toBeNull()
  }
  for (const text of ["", ".", "..", "a.b.c", "x".repeat(500)])
    expect(readSignedText(text, { use: "kitchen", secret, nowMs: now })).toBeNull()
})
