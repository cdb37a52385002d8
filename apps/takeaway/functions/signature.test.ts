// Against the example in the protocol and the guide: written down there, computed here.
import { expect, test } from "bun:test"
import { createHmac } from "node:crypto"
import { attributeOf, isSigned } from "./signature.ts"

const secret = "a secret of at least 32 bytes, as asked for"
const nowMs = 1_795_267_573_000
const body = '{"do":"accept","bill":12}'
const attributes = { "ce-user": "shop1", "ce-connection": "k3f9a7-2s-x", "ce-type": "laba.transport" }

/** As the guide describes it. */
function signatureAt(seconds: number, of = body): string {
  const lines = ["ce-connection:k3f9a7-2s-x", "ce-type:laba.transport", "ce-user:shop1"].join("\n")
  return createHmac("sha256", secret).update(`${seconds}\n${lines}\n\n${of}`).digest("hex")
}

const seconds = nowMs / 1000
const signed = (signature: string, more: Record<string, string> = {}) =>
  isSigned(
    {
      headers: new Headers({
        ...attributes,
        "content-type": "application/json",
        "laba-signature": signature,
        ...more,
      }),
      body,
    },
    { secret, nowMs },
  )

test("a call that our Laba has signed is believed", () => {
  expect(signed(`t=${seconds},v1=${signatureAt(seconds)}`)).toBe(true)
})

test("while the secret is changed either signature is enough", () => {
  expect(signed(`t=${seconds},v1=${"0".repeat(64)},v1=${signatureAt(seconds)}`)).toBe(true)
})

test("a call that somebody has kept, changed or made is not", () => {
  expect(signed(`t=${seconds - 301},v1=${signatureAt(seconds - 301)}`)).toBe(false)
  expect(signed(`t=${seconds},v1=${signatureAt(seconds - 1)}`)).toBe(false)
  expect(signed(`t=${seconds},v1=${signatureAt(seconds, "{}")}`)).toBe(false)
  expect(signed(`t=${seconds},v1=${signatureAt(seconds)}`, { "ce-user": "shop2" })).toBe(false)
  expect(signed(`t=${seconds},v1=${signatureAt(seconds)}`, { "ce-state": "more" })).toBe(false)
  for (const text of ["", "t=,v1=", `v1=${signatureAt(seconds)}`, `t=${seconds}`, `t=1e9,v1=00`])
    expect(signed(text)).toBe(false)
})

test("attributes are read as they were before they travelled", () => {
  const headers = new Headers({ "ce-user": "%E8%80%81%E7%8E%8B%201", "ce-channel": "/100%" })
  expect(attributeOf(headers, "user")).toBe("老王 1")
  expect(attributeOf(headers, "channel")).toBe("/100%")
  expect(attributeOf(headers, "state")).toBeNull()
})
