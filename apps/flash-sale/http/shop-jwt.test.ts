import { expect, test } from "bun:test"
import { createHmac, generateKeyPairSync, sign } from "node:crypto"
import { ShopJwt } from "./shop-jwt.ts"

const secret = "a secret of at least 32 characters"
const now = 1_800_000_000_000
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url")

function signed(claims: object, { alg = "HS256", key = secret } = {}): string {
  const text = `${part({ alg })}.${part({ exp: now / 1000 + 60, ...claims })}`
  return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`
}

test("a shop's token names its user, until it ends", () => {
  const login = new ShopJwt({ algorithm: "HS256", key: secret, issuer: "shop", audience: "sale" })
  const token = signed({ sub: "ann", iss: "shop", aud: ["sale", "other"] })
  expect(login.userOf(token, now)).toBe("ann")
  expect(login.userOf(token, now)).toBe("ann")
  expect(login.userOf(token, now + 70_000)).toBeNull()
})

test("no other token names anybody", () => {
  const login = new ShopJwt({ algorithm: "HS256", key: secret, issuer: "shop" })
  const good = { sub: "ann", iss: "shop" }
  const bad = [
    signed({ ...good, iss: "other" }),
    signed({ ...good, exp: undefined }),
    signed({ ...good, exp: now / 1000 - 10 }),
    signed({ ...good, nbf: now / 1000 + 60 }),
    signed({ ...good, sub: "a/b" }),
    signed({ ...good, sub: 7 }),
    signed(good, { key: "another secret of 32 characters!!" }),
    signed(good, { alg: "none" }),
    `${part({ alg: "none" })}.${part({ ...good, exp: now / 1000 + 60 })}.`,
    `${signed(good)}x`,
    "",
    "a.b.c",
  ]
  expect(bad.map((token) => login.userOf(token, now))).toEqual(bad.map(() => null))
})

test("a public key is not taken for a shared secret", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString()
  const login = new ShopJwt({ algorithm: "ES256", key: pem })
  const text = `${part({ alg: "ES256" })}.${part({ sub: "ann", exp: now / 1000 + 60 })}`
  const signature = sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" })
  expect(login.userOf(`${text}.${signature.toString("base64url")}`, now)).toBe("ann")
  expect(login.userOf(signed({ sub: "ann" }, { key: pem }), now)).toBeNull()
  expect(() => new ShopJwt({ algorithm: "HS256", key: "short" })).toThrow("32 characters")
  expect(() => new ShopJwt({ algorithm: "RS256", key: "short" })).toThrow("BEGIN PUBLIC KEY")
})
