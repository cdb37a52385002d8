// Keys that are fetched: from the configured address alone, seldom, and each for its own issuer.
import { describe, expect, test } from "bun:test"
import { generateKeyPairSync } from "node:crypto"
import { SignJWT } from "jose"
import { bearing, codeOf, handMade, inSeconds, secret, startGuarded, tokenFor } from "./guarded.ts"

const makePair = () => generateKeyPairSync("ec", { namedCurve: "P-256" })
type Pair = ReturnType<typeof makePair>
const pairs: readonly [Pair, Pair] = [makePair(), makePair()]

/** An issuer that publishes one key under a kid, and remembers what it was asked. */
function startIssuer(pair: Pair, kid = "k1") {
  const asked: string[] = []
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      asked.push(new URL(request.url).pathname)
      return Response.json({
        keys: [{ ...pair.publicKey.export({ format: "jwk" }), kid, use: "sig", alg: "ES256" }],
      })
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}/keys`,
    asked,
    [Symbol.dispose]: () => void server.stop(true),
  }
}

const tokenOf = (pair: Pair, claims: Record<string, unknown>, header: Record<string, unknown> = {}) =>
  new SignJWT({ sub: "1001", exp: inSeconds(600), ...claims })
    .setProtectedHeader({ alg: "ES256", kid: "k1", ...header })
    .sign(pair.privateKey)

const ask = async (base: string, token: string) =>
  codeOf(await fetch(`${base}/any?after=e-0`, { headers: bearing(token) }))

describe("a set of keys", () => {
  test("checks tokens, and is fetched once for many", async () => {
    using issuer = startIssuer(pairs[0])
    await using server = await startGuarded({ keys: [], tokens: { jwks: issuer.url, issuer: "a" } })
    for (let i = 0; i < 5; i++)
      expect(await ask(server.base, await tokenOf(pairs[0], { iss: "a", jti: String(i) }))).toBe("let in")
    expect(await ask(server.base, await tokenOf(pairs[1], { iss: "a" }))).toBe("unauthorized")
    expect(issuer.asked).toEqual(["/keys"])
  })

  test("is fetched from where it is configured, whatever a token says", async () => {
    using issuer = startIssuer(pairs[0])
    using trap = startIssuer(pairs[1])
    await using server = await startGuarded({ keys: [], tokens: { jwks: issuer.url } })
    const places = { jku: trap.url, x5u: trap.url, iss: trap.url, kid: trap.url }
    for (const token of [
      handMade({ alg: "ES256", ...places }, { ...places, sub: "1001", exp: inSeconds(600) }),
      await tokenOf(pairs[1], { ...places }, { ...places }),
      await tokenOf(pairs[1], { sub: "../../../etc/passwd", iss: "file:///etc/passwd" }, { kid: "../../k1" }),
      await tokenOf(pairs[1], {}, { jwk: pairs[1].publicKey.export({ format: "jwk" }) }),
    ]) {
      expect(["unauthorized", "keys_unavailable"]).toContain(await ask(server.base, token))
    }
    expect(trap.asked).toEqual([])
    expect(new Set(issuer.asked)).toEqual(new Set(["/keys"]))
  })

  test("is not fetched again and again for kids that nobody has", async () => {
    using issuer = startIssuer(pairs[0])
    await using server = await startGuarded({ keys: [], tokens: { jwks: issuer.url } })
    expect(await ask(server.base, await tokenOf(pairs[1], {}, { kid: "k2" }))).toBe("unauthorized")
    // The issuer may have published it since it was asked, and is not asked again so soon.
    for (let i = 0; i < 50; i++)
      expect(await ask(server.base, await tokenOf(pairs[1], {}, { kid: `k${i + 3}` }))).toBe(
        "keys_unavailable",
      )
    expect(issuer.asked).toEqual(["/keys"])
  })

  test("that leads elsewhere is not followed", async () => {
    using trap = startIssuer(pairs[0])
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => Response.redirect(trap.url, 302),
    })
    await using guarded = await startGuarded({
      keys: [],
      tokens: { jwks: `http://127.0.0.1:${server.port}/keys` },
    })
    expect(await ask(guarded.base, await tokenOf(pairs[0], {}))).toBe("keys_unavailable")
    expect(trap.asked).toEqual([])
    await server.stop(true)
  })

  test("of one issuer does not check the tokens of another, though their kids are alike", async () => {
    using first = startIssuer(pairs[0])
    using second = startIssuer(pairs[1])
    const tokens = {
      jwks: first.url,
      issuer: "a",
      userPrefix: "",
      otherIssuers: [{ jwks: second.url, issuer: "b", userPrefix: "b:" }],
    }
    await using server = await startGuarded({ keys: [], tokens })
    // Both have a key named k1. Warm what is cached with the good ones first.
    expect(await ask(server.base, await tokenOf(pairs[0], { iss: "a" }))).toBe("let in")
    expect(await ask(server.base, await tokenOf(pairs[1], { iss: "b" }))).toBe("let in")
    expect(await ask(server.base, await tokenOf(pairs[0], { iss: "b" }))).toBe("unauthorized")
    expect(await ask(server.base, await tokenOf(pairs[1], { iss: "a" }))).toBe("unauthorized")
    expect(await ask(server.base, await tokenOf(pairs[0], { iss: "a", jti: "x" }))).toBe("let in")
    // Nor are their users one, though both are called 1001.
    const own = async (pair: Pair, iss: string, channel: string) =>
      codeOf(
        await fetch(`${server.base}${channel}?after=e-0`, { headers: bearing(await tokenOf(pair, { iss })) }),
      )
    expect(await own(pairs[0], "a", "/@1001/x")).toBe("let in")
    expect(await own(pairs[1], "b", "/@1001/x")).toBe("forbidden")
    expect(await own(pairs[1], "b", "/@b:1001/x")).toBe("let in")
  })

  test("that cannot be had is the server's trouble, not the client's: come back", async () => {
    await using server = await startGuarded({ tokens: { jwks: "http://127.0.0.1:9/keys" } })
    const response = await fetch(`${server.base}/any`, { headers: bearing(await tokenOf(pairs[0], {})) })
    expect([response.status, Number(response.headers.get("retry-after"))]).toEqual([503, 1])
    expect(await codeOf(response)).toBe("keys_unavailable")
    expect(server.log.join("")).toContain("issuer_unavailable")
  })
  test("that cannot be had stops the users of no other issuer", async () => {
    using hanging = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => new Promise<Response>(() => undefined),
    })
    for (const jwks of ["http://127.0.0.1:9/keys", `http://127.0.0.1:${hanging.port}/keys`]) {
      const otherIssuers = [{ secret, issuer: "b", userPrefix: "b:" }]
      const tokens = { jwks, issuer: "a", userPrefix: "", otherIssuers }
      await using server = await startGuarded({ keys: [], tokens })
      expect(await ask(server.base, await tokenFor("1001", { iss: "b" }))).toBe("let in")
      // It was not even asked for: a key at hand had signed the token.
      expect(server.log.join("")).not.toContain("issuer_unavailable")
    }
  })
})
