import { describe, expect, test } from "bun:test"
import { SignJWT } from "jose"
import { LabaError } from "../../../wire/error.ts"
import { TokenVerifier } from "./token-verifier.ts"
import { fixedKeys, secretKey, type VerificationKey, type VerificationKeys } from "./verification-key.ts"

const secret = "a secret of 32 bytes, for tests only"

class Stage {
  nowMs = Date.parse("2026-01-01T00:00:00Z")
  readonly verifier: TokenVerifier

  constructor(leewaySeconds = 5) {
    this.verifier = new TokenVerifier({
      issuers: [
        {
          keys: fixedKeys([secretKey(secret) as VerificationKey]),
          issuer: undefined,
          audience: undefined,
          userPrefix: "",
        },
      ],
      leewaySeconds,
      lifetimeMaxSeconds: 3600,
      now: () => this.nowMs,
    })
  }

  token(seconds: number, claims: Record<string, unknown> = {}): Promise<string> {
    return new SignJWT({ sub: "1001", exp: this.nowMs / 1000 + seconds, ...claims })
      .setProtectedHeader({ alg: "HS256" })
      .sign(new TextEncoder().encode(secret))
  }
}

describe("a verified token", () => {
  test("is verified once, and then known until it expires", async () => {
    const stage = new Stage()
    const token = await stage.token(60)
    const first = await stage.verifier.verify(token)
    expect(stage.verifier.verify(token)).toBe(first)
    expect(stage.verifier.verified).toBe(1)
    stage.nowMs += 66_000
    expect(() => stage.verifier.verify(token)).toThrow("token_expired")
    await expect(Promise.resolve(stage.verifier.verify(await stage.token(-10)))).rejects.toThrow(
      "token_expired",
    )
  })

  test("is verified once for all who show it meanwhile, and they go on in their order", async () => {
    const stage = new Stage()
    const token = await stage.token(60)
    const order: number[] = []
    const all = Array.from({ length: 20 }, async (_, index) => {
      await stage.verifier.verify(token)
      order.push(index)
    })
    await Promise.all(all)
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(stage.verifier.verified).toBe(1)
    const broken = Array.from({ length: 5 }, () => stage.verifier.verify(`${token}x`))
    for (const one of broken) await expect(Promise.resolve(one)).rejects.toThrow("unauthorized")
  })

  test("has the leeway that clocks need, at both ends", async () => {
    const stage = new Stage(10)
    expect(await stage.verifier.verify(await stage.token(-9))).toMatchObject({ user: "1001" })
    expect(await stage.verifier.verify(await stage.token(60, { nbf: stage.nowMs / 1000 + 9 }))).toBeDefined()
    await expect(Promise.resolve(stage.verifier.verify(await stage.token(-11)))).rejects.toThrow(
      "token_expired",
    )
  })

  test("is not found by another token that is alike but for one letter", async () => {
    const stage = new Stage()
    const token = await stage.token(60)
    await stage.verifier.verify(token)
    const last = token.at(-2) === "A" ? "B" : "A"
    const other = token.slice(0, -2) + last + token.slice(-1)
    await expect(Promise.resolve(stage.verifier.verify(other))).rejects.toThrow("unauthorized")
    expect(await stage.verifier.verify(token)).toBeDefined()
  })

  test("may not live longer than is configured", async () => {
    const stage = new Stage()
    expect(await stage.verifier.verify(await stage.token(3600))).toBeDefined()
    await expect(Promise.resolve(stage.verifier.verify(await stage.token(3700)))).rejects.toThrow(
      "longest accepted is 3600",
    )
  })

  test("that was issued to live longer is not good on its last day either", async () => {
    const stage = new Stage()
    const issued = (seconds: number) => ({ iat: stage.nowMs / 1000 - seconds })
    await expect(Promise.resolve(stage.verifier.verify(await stage.token(60, issued(3700))))).rejects.toThrow(
      "longest accepted is 3600",
    )
    expect(await stage.verifier.verify(await stage.token(60, issued(3500)))).toBeDefined()
  })
})

const signed = (by: string, claims: Record<string, unknown>): Promise<string> =>
  new SignJWT({ sub: "1001", exp: Date.now() / 1000 + 60, ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(by))

const keyOf = (text: string): VerificationKeys => fixedKeys([secretKey(text) as VerificationKey])

/** Keys that must be fetched, and how that ends. */
const fetched = (renewed: () => Promise<readonly VerificationKey[]>): VerificationKeys => ({
  atHand: () => null,
  renewed,
  whyNoLongerValid: () => null,
})
const never = fetched(() => new Promise(() => undefined))
const dead = fetched(() => Promise.reject(new LabaError("keys_unavailable", "not now")))

const verifierOf = (...issuers: readonly (readonly [string, VerificationKeys])[]): TokenVerifier =>
  new TokenVerifier({
    issuers: issuers.map(([issuer, keys]) => ({ keys, issuer, audience: undefined, userPrefix: "" })),
    leewaySeconds: 5,
    lifetimeMaxSeconds: 3600,
  })

describe("an issuer whose keys cannot be had", () => {
  const ours = "the secret of the second, 32 bytes"

  for (const [how, keys] of [
    ["are refused", dead],
    ["do not come", never],
  ] as const) {
    test(`is nothing to the users of another whose keys are at hand, when its own ${how}`, async () => {
      const verifier = verifierOf(["a", keys], ["b", keyOf(ours)])
      expect(await verifier.verify(await signed(ours, { iss: "b" }))).toMatchObject({ user: "1001" })
      // Over is over, whoever else might know of it.
      const over = await signed(ours, { iss: "b", exp: Date.now() / 1000 - 60 })
      await expect(Promise.resolve(verifier.verify(over))).rejects.toThrow("token_expired")
    })

    test(`is nothing to the users of another whose keys are fetched as well, when its own ${how}`, async () => {
      const verifier = verifierOf(
        ["a", keys],
        ["b", fetched(async () => [secretKey(ours) as VerificationKey])],
      )
      expect(await verifier.verify(await signed(ours, { iss: "b" }))).toMatchObject({ user: "1001" })
    })
  }

  test("is the reason when nobody else knows the token, and none when another key has signed it", async () => {
    const verifier = verifierOf(["a", dead], ["b", keyOf(ours)], ["c", fetched(async () => [])])
    const foreign = await signed("the secret of nobody here, 32 bytes", { iss: "a" })
    await expect(Promise.resolve(verifier.verify(foreign))).rejects.toThrow("keys_unavailable")
    const misused = await signed(ours, { iss: "a" })
    await expect(Promise.resolve(verifier.verify(misused))).rejects.toThrow("claim `iss`")
  })
})

test("a key that turns out to be none signs nothing, and the others are tried", async () => {
  const broken: VerificationKey = {
    digest: "broken",
    kid: undefined,
    algorithms: ["HS256"],
    for: () => Promise.reject(new Error("not a point of the curve")),
  }
  const verifier = verifierOf(["a", fixedKeys([broken, secretKey(secret) as VerificationKey])])
  expect(await verifier.verify(await signed(secret, { iss: "a" }))).toMatchObject({ user: "1001" })
})
