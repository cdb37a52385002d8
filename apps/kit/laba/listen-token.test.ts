import { expect, test } from "bun:test"
import { createHmac } from "node:crypto"
import { signListenToken } from "./listen-token.ts"

const secret = "a secret of the server"
const now = 1_800_000_000_000

test("a token for Laba is a JWT that names the user and ends after an hour", () => {
  const [header = "", claims = "", signature] = signListenToken({
    issuer: "takeaway",
    user: "shop1",
    secret,
    nowMs: now,
  }).split(".")
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
