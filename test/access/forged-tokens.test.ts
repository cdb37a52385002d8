// Tokens that nobody who may has signed, or that say too much: at every door each is an error, never a visitor.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { createHmac, generateKeyPairSync, sign as signWith } from "node:crypto"
import { SignJWT } from "jose"
import {
  codeOf,
  credentials,
  doors,
  type Guarded,
  handMade,
  inSeconds,
  secret,
  startGuarded,
  tokenFor,
} from "./guarded.ts"
import { startServer } from "../support/server.ts"

const pair = generateKeyPairSync("rsa", { modulusLength: 2048 })
const curve = generateKeyPairSync("ec", { namedCurve: "P-256" })
const edwards = generateKeyPairSync("ed25519")
const pemOf = (key: { export(options: { type: "spki"; format: "pem" }): string | Buffer }): string =>
  String(key.export({ type: "spki", format: "pem" }))
const publicPem = pemOf(pair.publicKey)

let server: Guarded
beforeAll(async () => {
  server = await startGuarded({
    tokens: {
      secret,
      publicKeys: [publicPem, pemOf(curve.publicKey), pemOf(edwards.publicKey)],
      issuer: "https://id.example",
      audience: "laba",
    },
    channels: { "/open": { listen: "anyone", publish: "anyone", manage: "anyone" } },
  })
})
afterAll(() => server[Symbol.asyncDispose]())

const good = { sub: "1001", iss: "https://id.example", aud: "laba", exp: inSeconds(600), iat: inSeconds(0) }

const sign = (
  claims: Record<string, unknown>,
  key: Uint8Array | CryptoKey | Parameters<SignJWT["sign"]>[0],
  header: { alg: string; [name: string]: unknown },
) => new SignJWT(claims).setProtectedHeader(header).sign(key as Uint8Array)

const hmac = new TextEncoder().encode(secret)
const hs256 = (claims: Record<string, unknown>, header: Record<string, unknown> = {}) =>
  sign(claims, hmac, { alg: "HS256", ...header })

/** Signed by hand, since a library refuses to. */
const signedWithPublicKey = (algorithm: string): string => {
  const token = handMade({ alg: algorithm, typ: "JWT" }, good, "")
  const input = token.slice(0, -1)
  const signature = createHmac(`sha${algorithm.slice(2)}`, publicPem)
    .update(input)
    .digest("base64url")
  return `${input}.${signature}`
}

const without = (name: keyof typeof good): Record<string, unknown> =>
  Object.fromEntries(Object.entries(good).filter(([key]) => key !== name))

const refused: readonly (readonly [name: string, token: () => Promise<string> | string, code?: string])[] = [
  ["is no token at all", () => "nonsense"],
  ["has an empty signature", () => handMade({ alg: "HS256" }, good, "")],
  ["has a forged signature", () => handMade({ alg: "HS256" }, good)],
  [
    "is signed with another secret",
    () => sign(good, new TextEncoder().encode("x".repeat(40)), { alg: "HS256" }),
  ],
  [
    "was changed after it was signed",
    async () => {
      const [header, , signature] = (await hs256(good)).split(".")
      const claims = Buffer.from(JSON.stringify({ ...good, sub: "1002" })).toString("base64url")
      return `${header}.${claims}.${signature}`
    },
  ],
  ["says alg none", () => handMade({ alg: "none" }, good, "")],
  ["says alg none, and has a signature", () => handMade({ alg: "none" }, good)],
  ["says alg NoNe", () => handMade({ alg: "NoNe" }, good)],
  ["is signed with the public key as a secret (HS256)", () => signedWithPublicKey("HS256")],
  ["is signed with the public key as a secret (HS512)", () => signedWithPublicKey("HS512")],
  ["has an algorithm that its secret is too short for", () => sign(good, hmac, { alg: "HS512" })],
  [
    "brings its own key in `jwk`",
    () =>
      sign(good, generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey, {
        alg: "ES256",
        jwk: curve.publicKey.export({ format: "jwk" }),
      }),
  ],
  [
    "is signed by one curve and says another",
    () =>
      handMade(
        { alg: "ES384" },
        good,
        signWith("sha384", Buffer.from("x"), curve.privateKey).toString("base64url"),
      ),
  ],
  [
    "has a critical header that nobody understands",
    () => {
      const input = handMade({ alg: "HS256", crit: ["exp"], exp: 1 }, good, "").slice(0, -1)
      return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`
    },
  ],
  ["has a `kid` that is no text", () => hs256(good, { kid: 7 })],
  ["is longer than any header", () => hs256({ ...good, padding: "x".repeat(9000) })],
  ["is expired", () => hs256({ ...good, exp: inSeconds(-60) }), "token_expired"],
  ["never expires", () => hs256(without("exp"))],
  ["lives for years", () => hs256({ ...good, exp: inSeconds(365 * 24 * 3600) })],
  ["is not valid yet", () => hs256({ ...good, nbf: inSeconds(600) })],
  ["is for another audience", () => hs256({ ...good, aud: "shop" })],
  ["is for no audience", () => hs256(without("aud"))],
  ["is of another issuer", () => hs256({ ...good, iss: "https://id.example.evil" })],
  ["is of no issuer", () => hs256(without("iss"))],
  ["has an empty user", () => hs256({ ...good, sub: "" })],
  ["has a user that is no text", () => hs256({ ...good, sub: 1001 as unknown as string })],
  ["has channels that are no patterns", () => hs256({ ...good, channels: ["orders"] })],
  [
    "has more channels than may be",
    () => hs256({ ...good, channels: Array.from({ length: 65 }, (_, i) => `/${i}`) }),
  ],
  ["has channels of a kind that is not known", () => hs256({ ...good, channels: { listne: ["/**"] } })],
]

describe("[A2] a token is an error, also where anybody may, when it", () => {
  for (const [name, make, code = "unauthorized"] of refused) {
    test.concurrent(name, async () => {
      const token = await make()
      for (const door of doors) {
        expect([door.name, await door.try(server.base, "/open", token)]).toEqual([door.name, code])
      }
    })
  }
})

test("[A2] a token is not looked at where neither keys nor tokens are configured", async () => {
  await using open = await startServer()
  const headers = { Authorization: "Bearer no.such.token" }
  expect((await fetch(`${open.base}/c`, { method: "POST", body: "x", headers })).status).toBe(201)
  expect(await (await fetch(`${open.base}/c`, { headers })).text()).toBe("x")
})

describe("[A1] a token is good when it", () => {
  const accepted: readonly (readonly [name: string, token: () => Promise<string>])[] = [
    ["is signed with the secret", () => hs256(good)],
    ["is signed by RSA", () => sign(good, pair.privateKey, { alg: "RS256" })],
    ["is signed by RSA-PSS", () => sign(good, pair.privateKey, { alg: "PS512" })],
    ["is signed by an elliptic curve", () => sign(good, curve.privateKey, { alg: "ES256" })],
    ["is signed by Ed25519", () => sign(good, edwards.privateKey, { alg: "EdDSA" })],
    ["has several audiences", () => hs256({ ...good, aud: ["shop", "laba"] })],
    [
      "points to keys elsewhere, which are not looked at",
      () => hs256(good, { jku: "http://127.0.0.1:9/", x5u: "http://127.0.0.1:9/" }),
    ],
  ]
  for (const [name, make] of accepted) {
    test.concurrent(name, async () => {
      const headers = { Authorization: `Bearer ${await make()}` }
      const response = await fetch(`${server.base}/any?after=e-0`, { headers })
      expect(await codeOf(response)).toBe("let in")
    })
  }
})

test("no answer and no line of the log holds a piece of a credential", async () => {
  await using own = await startGuarded()
  const token = await tokenFor("1001", { exp: inSeconds(-60) })
  const key = `laba_shop_${"A".repeat(43)}`
  for (const [headers, query] of [
    [{ Authorization: `Bearer ${token}` }, ""],
    [{ Authorization: `Bearer ${key}` }, ""],
    [{ Authorization: `Basic ${token}` }, ""],
    [{}, `?token=${token}`],
  ] as const) {
    const response = await fetch(`${own.base}/c${query}`, { headers: { ...headers } })
    const answer = JSON.stringify([...response.headers]) + (await response.text())
    expect(response.status).toBe(401)
    for (const piece of [...token.split("."), key.slice(10)]) {
      expect(answer).not.toContain(piece)
      expect(own.log.join("")).not.toContain(piece)
    }
  }
  expect(own.laba.counters.requestsRefused.get("token_expired")).toBe(1)
  expect(own.laba.counters.requestsRefused.get("unauthorized")).toBe(3)
})

test("no line of the log holds the id of a connection, which is all it takes to speak for a session", async () => {
  await using own = await startGuarded({ channels: { "/**": { listen: "anyone" } } })
  const opened = await fetch(`${own.base}/_/session`, { method: "POST" })
  const { frames } = (await opened.json()) as { frames: { connection: string }[] }
  const id = frames[0]?.connection as string
  const tag = id.split("-").slice(2).join("-")
  const refused = [
    fetch(`${own.base}/_/session/${id}?ack=99`),
    fetch(`${own.base}/_/session/${id}`, { method: "PATCH" }),
    fetch(`${own.base}/_/session/${id}`, { method: "POST", body: "{" }),
    fetch(`${own.base}/_/session/${id}/x`),
    fetch(`${own.base}/_/api/connections/${id}`),
  ]
  for (const answer of await Promise.all(refused)) expect(answer.ok).toBe(false)
  const lines = own.log.filter((line) => line.includes("refused"))
  expect(lines.length).toBe(refused.length)
  expect(lines.join("")).toContain(id.slice(0, -tag.length))
  expect(own.log.join("")).not.toContain(tag)
})

test("keys are told apart in full, and none of another server is one", async () => {
  for (const wrong of [
    "laba_shop_",
    `laba_shop_${"A".repeat(43)}`,
    `laba_${"x".repeat(500)}`,
    "LABA_SHOP_AAAA",
  ]) {
    const response = await fetch(`${server.base}/open`, { headers: { Authorization: `Bearer ${wrong}` } })
    expect([wrong, response.status]).toEqual([wrong, 401])
  }
  expect(credentials.keys[0]?.sha256).toHaveLength(64)
})
