import { describe, expect, test } from "bun:test"
import { generateKeyPairSync } from "node:crypto"
import { SignJWT } from "jose"
import { SetBackClock } from "../../../test/support/set-back-clock.ts"
import { Jwks } from "./jwks.ts"
import { TokenVerifier } from "./token-verifier.ts"
import type { VerificationKey } from "./verification-key.ts"

const jwk = (kid: string) => ({
  ...generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" }),
  kid,
})

/** An issuer whose answers and clock are in the test's hands. */
class Stage {
  now = 1_000_000
  fetches = 0
  withdrawals = 0
  answer: () => Response | Promise<Response>
  readonly jwks: Jwks

  constructor(answer: () => Response | Promise<Response>) {
    this.answer = answer
    this.jwks = new Jwks({
      url: "https://id.example/keys",
      now: () => this.now,
      fetch: async () => {
        this.fetches++
        return this.answer()
      },
      onWithdraw: () => this.withdrawals++,
    })
  }

  async keys(kid?: string): Promise<readonly VerificationKey[]> {
    return this.jwks.atHand("ES256", kid) ?? (await this.jwks.renewed("ES256", kid))
  }

  async kids(kid?: string): Promise<(string | undefined)[]> {
    return (await this.keys(kid)).map((key) => key.kid)
  }
}

const minute = 60_000

describe("fetched keys", () => {
  test("are fetched once for all who ask meanwhile", async () => {
    const stage = new Stage(() => Response.json({ keys: [jwk("a")] }))
    expect(await Promise.all(Array.from({ length: 10 }, () => stage.kids("a")))).toEqual(
      Array.from({ length: 10 }, () => ["a"]),
    )
    expect(stage.fetches).toBe(1)
  })

  test("are fetched again for an unknown kid, once an interval", async () => {
    const stage = new Stage(() => Response.json({ keys: [jwk("a")] }))
    expect(await stage.kids("b")).toEqual([])
    stage.answer = () => Response.json({ keys: [jwk("b")] })
    // It is not known whether there is one: the issuer was not asked now.
    await expect(stage.kids("b")).rejects.toThrow("keys_unavailable")
    expect(stage.fetches).toBe(1)
    stage.now += minute / 2
    expect(await stage.kids("b")).toEqual(["b"])
    // The one that was withdrawn is gone with the same fetch.
    await expect(stage.kids("a")).rejects.toThrow("keys_unavailable")
    stage.now += minute / 2
    expect(await stage.kids("a")).toEqual([])
    expect(stage.fetches).toBe(3)
  })

  test("are asked for again, too, for a token that names none", async () => {
    const stage = new Stage(() => Response.json({ keys: [jwk("a")] }))
    expect(await stage.kids("a")).toEqual(["a"])
    expect(stage.jwks.atHand("ES256", undefined)).toHaveLength(1)
    await expect(stage.jwks.renewed("ES256", undefined)).rejects.toThrow("keys_unavailable")
    stage.now += minute / 2
    stage.answer = () => Response.json({ keys: [jwk("a"), jwk("b")] })
    expect(await stage.jwks.renewed("ES256", undefined)).toHaveLength(2)
  })

  test("are not asked for where no public key could have signed", async () => {
    const stage = new Stage(() => Response.json({ keys: [jwk("a")] }))
    for (const algorithm of ["HS256", "none", "RSA1_5"]) expect(stage.jwks.atHand(algorithm, "a")).toEqual([])
    expect(stage.fetches).toBe(0)
  })

  test("are believed in while they are published, and not a fetch longer", async () => {
    const [a, b] = [jwk("a"), jwk("b")]
    const stage = new Stage(() => Response.json({ keys: [a, b] }))
    const [first] = await stage.keys("a")
    const digest = first?.digest as string
    expect([stage.jwks.whyNoLongerValid(digest), stage.withdrawals]).toEqual([null, 1])
    stage.answer = () => Response.json({ keys: [b] })
    stage.now += 9 * minute
    expect(stage.jwks.whyNoLongerValid(digest)).toBeNull()
    stage.now += 2 * minute
    // Asking whether it is good is enough to have it asked for.
    expect(stage.jwks.whyNoLongerValid(digest)).toBeNull()
    await Bun.sleep(0)
    expect([stage.jwks.whyNoLongerValid(digest), stage.withdrawals]).toEqual(["unauthorized", 2])
    stage.answer = () => new Response(null, { status: 500 })
    stage.now += 25 * 60 * minute
    expect(stage.jwks.whyNoLongerValid(digest)).toBe("keys_unavailable")
  })

  test("are fetched again by the clock, where they were fetched once", async () => {
    const stage = new Stage(() => Response.json({ keys: [jwk("a")] }))
    stage.jwks.refreshIfOld()
    await stage.kids("a")
    stage.jwks.refreshIfOld()
    expect(stage.fetches).toBe(1)
    stage.now += 11 * minute
    stage.jwks.refreshIfOld()
    expect(stage.fetches).toBe(2)
  })

  test("are fetched again after a while, without anybody waiting for it", async () => {
    const stage = new Stage(() => Response.json({ keys: [jwk("a")] }))
    await stage.kids("a")
    stage.now += 11 * minute
    stage.answer = () => Response.json({ keys: [jwk("b")] })
    expect(await stage.kids("a")).toEqual(["a"])
    await Bun.sleep(0)
    await expect(stage.kids("a")).rejects.toThrow("keys_unavailable")
  })

  test("are believed for a day while they cannot be fetched, and asked for ever more seldom", async () => {
    const stage = new Stage(() => Response.json({ keys: [jwk("a")] }))
    await stage.kids("a")
    stage.answer = () => new Response(null, { status: 500 })
    stage.now += 23 * 60 * minute
    expect(await stage.kids("a")).toEqual(["a"])
    stage.now += 2 * 60 * minute
    await expect(stage.kids("a")).rejects.toThrow("keys_unavailable")
    const before = stage.fetches
    for (let second = 0; second < 600; second++) {
      stage.now += 1000
      await stage.kids("a").catch(() => null)
    }
    // 1, 2, 4, 8, 16, 32 and then each 60 seconds.
    expect(stage.fetches - before).toBeWithin(10, 20)
    stage.answer = () => Response.json({ keys: [jwk("a")] })
    stage.now += minute
    expect(await stage.kids("a")).toEqual(["a"])
  })

  test("are fetched anew although the machine's clock was set back", async () => {
    using clock = new SetBackClock()
    const published = ["a"]
    const fetch = async () => Response.json({ keys: published.map(jwk) })
    const jwks = new Jwks({ url: "https://id.example/keys", fetch })
    expect(await jwks.renewed("ES256", "a")).toHaveLength(1)
    clock.setBack(60 * minute)
    clock.pass(minute)
    published.push("b")
    expect(await jwks.renewed("ES256", "b")).toHaveLength(1)
  })

  test("are refused when the answer is too long, no set, or late", async () => {
    for (const answer of [
      () => new Response("x".repeat(300_000)),
      () => new Response("no JSON"),
      () => Response.json({}),
      () => Response.json({ keys: "a" }),
      () => Response.json([jwk("a")]),
      () => Promise.reject(new Error("late")),
    ]) {
      await expect(new Stage(answer).kids("a")).rejects.toThrow("keys_unavailable")
    }
  })

  test("pass over what checks no signatures: secrets, other uses, weak and unknown ones", async () => {
    const good = jwk("good")
    const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" })
    const keys = [
      { kty: "oct", k: Buffer.alloc(64).toString("base64url"), kid: "secret" },
      { ...jwk("use"), use: "enc" },
      { ...jwk("alg"), alg: "ES384" },
      { ...jwk("ops"), key_ops: ["sign"] },
      { ...rsa, kid: "weak" },
      { ...jwk("number"), kid: 7 },
      { kty: "EC", crv: "P-256", kid: "empty curve", x: {}, y: [] },
      null,
      "key",
      good,
    ]
    expect(await new Stage(() => Response.json({ keys })).kids()).toEqual(["good"])
  })

  test("are not asked for by a token that is signed with a secret: none of them has signed it", async () => {
    const stage = new Stage(() => Response.json({ keys: [jwk("a")] }))
    const verifier = new TokenVerifier({
      issuers: [{ keys: stage.jwks, issuer: undefined, audience: undefined, userPrefix: "" }],
      leewaySeconds: 5,
      lifetimeMaxSeconds: 3600,
    })
    const token = await new SignJWT({ sub: "1001" })
      .setProtectedHeader({ alg: "HS256" })
      .setExpirationTime("1m")
      .sign(new Uint8Array(32))
    for (let i = 0; i < 2; i++)
      await expect(Promise.resolve(verifier.verify(token))).rejects.toThrow("unauthorized")
    expect(stage.fetches).toBe(0)
  })

  test("are at most as many as may be tried for one token", async () => {
    const keys = Array.from({ length: 50 }, () => jwk("same"))
    expect(await new Stage(() => Response.json({ keys })).kids("same")).toHaveLength(8)
  })
})
