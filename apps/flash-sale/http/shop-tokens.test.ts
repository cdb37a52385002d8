import { expect, test } from "bun:test"
import { createHmac, generateKeyPairSync, sign } from "node:crypto"
import { ShopTokens } from "./shop-tokens.ts"

const secret = "a secret of at least 32 characters"
const seconds = Math.floor(Date.now() / 1000)
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url")
const ours = { iss: "shop", aud: "sale", sub: "ann" }

function signed(claims: object, { alg = "HS256", key = secret } = {}): string {
  const text = `${part({ alg })}.${part({ exp: seconds + 60, ...claims })}`
  return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`
}

const login = (...keys: readonly string[]) => new ShopTokens({ issuer: "shop", audience: "sale", keys })

test("a shop's token for the sale names its user", async () => {
  const shop = login(secret)
  const token = signed({ ...ours, aud: ["sale", "other"] })
  expect(await shop.userOf(token)).toBe("ann")
  // Known by now: nobody has to wait.
  expect(shop.userOf(token)).toBe("ann")
})

test("no other token names anybody, whoever has signed it", async () => {
  const shop = login(secret)
  const bad = [
    // Signed with the key of the shop, and for something else.
    signed({ sub: "ann" }),
    signed({ ...ours, iss: undefined }),
    signed({ ...ours, aud: undefined }),
    signed({ ...ours, iss: "other" }),
    signed({ ...ours, aud: "laba" }),
    signed({ ...ours, exp: undefined }),
    signed({ ...ours, exp: seconds - 10 }),
    signed({ ...ours, nbf: seconds + 60 }),
    signed({ ...ours, sub: "a/b" }),
    signed({ ...ours, sub: 7 }),
    signed({ ...ours, sub: undefined }),
    signed(ours, { key: "another secret of 32 characters!!" }),
    signed(ours, { alg: "none" }),
    `${part({ alg: "none" })}.${part({ exp: seconds + 60, ...ours })}.`,
    `${signed(ours)}x`,
    "",
    "a.b.c",
  ]
  for (const token of bad) expect([token, await shop.userOf(token)]).toEqual([token, null])
})

const keyPair = () => generateKeyPairSync("ec", { namedCurve: "P-256" })
const pemOf = ({ publicKey }: ReturnType<typeof keyPair>): string =>
  publicKey.export({ type: "spki", format: "pem" }).toString()

function signedBy({ privateKey }: ReturnType<typeof keyPair>, header: object = {}): string {
  const text = `${part({ alg: "ES256", ...header })}.${part({ exp: seconds + 60, ...ours })}`
  return `${text}.${sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`
}

test("a public key is not taken for a shared secret, and while keys are changed both count", async () => {
  const [before, now, other] = [keyPair(), keyPair(), keyPair()]
  const shop = login(pemOf(now), pemOf(before))
  for (const pair of [before, now]) expect(await shop.userOf(signedBy(pair))).toBe("ann")
  expect(await shop.userOf(signedBy(other))).toBeNull()
  expect(await shop.userOf(signed(ours, { key: pemOf(now) }))).toBeNull()
  expect(() => login("short")).toThrow("32 bytes")
  expect(() => login("-----BEGIN PUBLIC KEY----- short")).toThrow("public key in PEM")
  expect(() => login()).toThrow("needs one of")
})

test("keys are fetched where the issuer publishes them, and followed when they change", async () => {
  let keys = [keyPair()]
  const jwk = (pair: ReturnType<typeof keyPair>, kid: string) => ({
    ...pair.publicKey.export({ format: "jwk" }),
    kid,
  })
  let isAway = true
  await using issuer = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () =>
      isAway
        ? new Response(null, { status: 503 })
        : Response.json({ keys: keys.map((pair, at) => jwk(pair, `k${at}`)) }),
  })
  const options = { issuer: "shop", audience: "sale", jwks: issuer.url.href }
  const token = signedBy(keys[0] as ReturnType<typeof keyPair>, { kid: "k0" })
  await expect(Promise.resolve(new ShopTokens(options).userOf(token))).rejects.toThrow("cannot be fetched")
  isAway = false
  expect(await new ShopTokens(options).userOf(token)).toBe("ann")
  keys = [keyPair()]
  expect(await new ShopTokens(options).userOf(token)).toBeNull()
})
