import { expect, test } from "bun:test"
import fc from "fast-check"
import { decodeAttribute, encodeAttribute } from "./event-attributes.ts"
import { attributeOf, sign, toleranceSeconds, verifySignature } from "./signature.ts"

const nowMs = 1_795_267_573_000
const secret = "a secret of more than thirty-two characters"
const signed = {
  headers: { "content-type": "text/plain", "ce-type": "laba.transport", "ce-id": "a/transport/1" },
  body: "hello",
}

test("[H3] the signature is an HMAC over time, attributes and body, as anybody can compute it", () => {
  // printf '1795267573\nce-id:a/transport/1\nce-type:laba.transport\n\nhello' | openssl dgst -sha256 -hmac '…'
  expect(sign(signed, [secret], nowMs)).toBe(
    "t=1795267573,v1=e487d41af29a87bf91e52799a2d490e5ed983c3e89afae71a496c34d600d6abd",
  )
})

test("[H3] a signature is good for five minutes, for what was signed, with any of the secrets", () => {
  const header = sign(signed, ["another secret, that is being replaced", secret], nowMs)
  const check = (
    over: Partial<typeof signed>,
    { header: given = header, ...more }: { nowMs?: number; secret?: string; header?: string } = {},
  ) => {
    const headers = { ...signed.headers, ...over.headers, "laba-signature": given }
    const verdicts = [headers, new Headers(headers)].map((one) =>
      verifySignature({ ...signed, ...over, headers: one }, { secret, nowMs, ...more }),
    )
    expect(verdicts[0]).toBe(verdicts[1] as boolean)
    return verdicts[0]
  }
  expect(check({})).toBe(true)
  expect(check({}, { secret: "another secret, that is being replaced" })).toBe(true)
  expect(check({}, { secret: "a secret that nobody has configured" })).toBe(false)
  expect(check({ body: "hello!" })).toBe(false)
  expect(check({ headers: { ...signed.headers, "ce-type": "laba.register" } })).toBe(false)
  expect(check({ headers: { ...signed.headers, "ce-user": "ann" } as typeof signed.headers })).toBe(false)
  expect(check({}, { nowMs: nowMs + toleranceSeconds * 1000 })).toBe(true)
  expect(check({}, { nowMs: nowMs + toleranceSeconds * 1000 + 1000 })).toBe(false)
  expect(check({}, { nowMs: nowMs - toleranceSeconds * 1000 - 1000 })).toBe(false)
  for (const wrong of ["", "t=", "t=1795267573", "t=x,v1=00", "v1=00", header.replace("t=1", "t=2")])
    expect(check({}, { header: wrong })).toBe(false)
})

test("an unsigned request is nobody's, and an attribute is read from headers of either kind", () => {
  expect(verifySignature(signed, { secret, nowMs })).toBe(false)
  const headers = { "ce-user": encodeAttribute("Zoë 1"), host: "b" }
  for (const one of [headers, new Headers(headers)])
    expect([attributeOf(one, "user"), attributeOf(one, "state")]).toEqual(["Zoë 1", null])
})

test("any text travels in an attribute, as printable ASCII that `decodeURIComponent` reads too", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const header = encodeAttribute(text)
      expect(header).toMatch(/^[!#$&-~]*(?:%[0-9A-F]{2}[!#$&-~]*)*$/)
      expect(decodeAttribute(header)).toBe(text)
      expect(decodeURIComponent(header)).toBe(text)
    }),
  )
  expect(encodeAttribute('/desk/42 "é" 100%')).toBe("/desk/42%20%22%C3%A9%22%20100%25")
})
