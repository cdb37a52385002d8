// A token's time is honoured while its bearer is connected, and a revocation does not wait for it.
import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { codes } from "../../wire/codes.ts"
import { Revocations } from "../../src/access/credentials/revocations.ts"
import { connectByLaba } from "../support/laba-socket.ts"
import { listenByRawSocket } from "../support/raw-socket.ts"
import { listenBySse } from "../support/sse-stream.ts"
import { bearing, codeOf, inSeconds, secret, shop, startGuarded, tokenFor } from "./guarded.ts"

setDefaultTimeout(30_000)

const exact = { tokens: { secret, leeway: 0, inQuery: true } } as const

describe("when a token runs out", () => {
  test("[A7] a connection ends with `token_expired`, on every transport", async () => {
    await using server = await startGuarded(exact)
    const token = await tokenFor("1001", { exp: inSeconds(4) })
    const query = `?token=${token}`
    await using socket = await listenByRawSocket(`${server.base}/@1001/x${query}`)
    await using stream = await listenBySse(`${server.base}/@1001/x${query}`)
    await using laba = await connectByLaba(`${server.base}/_/ws${query}`)
    const session = await fetch(`${server.base}/_/session${query}`, { method: "POST" })
    const { frames } = (await session.json()) as { frames: { connection: string }[] }
    expect(await socket.next()).toEqual({
      kind: "end",
      code: "token_expired",
      number: codes.token_expired.close,
    })
    await stream.position()
    expect(await stream.next()).toMatchObject({ kind: "end", code: "token_expired" })
    // Told first, while there is time to act.
    const warning = await laba.frame("expiring")
    expect(warning.seconds).toBeWithin(1, 3)
    expect(await laba.frame("error")).toMatchObject({ code: "token_expired" })
    const polled = await fetch(`${server.base}/_/session/${frames[0]?.connection}?ack=1&wait=5`)
    expect(JSON.stringify(await polled.json())).toContain("token_expired")
    expect(server.laba.counters.published).toBe(0)
  })

  test("[A8] a new one in a frame keeps the connection", async () => {
    await using server = await startGuarded(exact)
    await using laba = await connectByLaba(
      `${server.base}/_/ws?token=${await tokenFor("1001", { exp: inSeconds(4) })}`,
    )
    laba.send({ op: "subscribe", ref: 1, channel: "/@me/x" })
    await laba.frame("expiring")
    laba.send({ op: "token", ref: 2, token: await tokenFor("1001", { exp: inSeconds(600) }) })
    const { expires } = await laba.frame("token")
    expect(expires).toBeWithin(590, 601)
    // Longer than the first was good for.
    await Bun.sleep(4100)
    await fetch(`${server.base}/@1001/x`, { method: "POST", body: "still here", headers: bearing(shop.text) })
    expect((await laba.frame("message")).data).toBe("still here")
  })

  test("a poll that is held is answered, not given what comes later", async () => {
    await using server = await startGuarded(exact)
    const headers = bearing(await tokenFor("1001", { exp: inSeconds(4) }))
    const held = fetch(`${server.base}/@1001/x?wait=20`, { headers })
    const answer = (await (await held).json()) as { cursor: string; messages: unknown[] }
    expect(answer.messages).toEqual([])
    expect(await codeOf(await fetch(`${server.base}/@1001/x?after=${answer.cursor}`, { headers }))).toBe(
      "token_expired",
    )
  })
})

describe("a revocation", () => {
  const at = (ms: number) => ({ lifetimeMaxMs: 1000, now: () => ms })
  const bearer = (user: string, issuedAtMs: number, id?: string) =>
    ({
      kind: "token",
      user,
      scopes: null,
      expiresAtMs: 1e15,
      issuedAtMs,
      clockAheadMsMax: 0,
      id,
      proof: null,
    }) as const

  test("of a token is of that token alone", () => {
    const revocations = new Revocations(at(5000))
    revocations.revokeToken("a", 6)
    expect(revocations.has(bearer("1001", 0, "a"))).toBeTrue()
    expect(revocations.has(bearer("1001", 0, "b"))).toBeFalse()
    expect(revocations.has(bearer("1001", 0))).toBeFalse()
  })

  test("of a user is of what was issued up to now, and of what does not say when", () => {
    const revocations = new Revocations(at(5500))
    revocations.revokeUser("1001")
    expect(revocations.has(bearer("1001", 5000))).toBeTrue()
    expect(revocations.has(bearer("1001", 0))).toBeTrue()
    expect(revocations.has(bearer("1001", 6000))).toBeFalse()
    expect(revocations.has(bearer("1002", 5000))).toBeFalse()
  })

  test("is never forgotten before its time, and a full table says so", () => {
    let now = 0
    const revocations = new Revocations({ lifetimeMaxMs: 1000, now: () => now })
    for (let i = 0; i < 100_000; i++) revocations.revokeToken(String(i), 1)
    expect(() => revocations.revokeToken("one more", 1)).toThrow("too_many_requests")
    now = 2000
    revocations.revokeToken("one more", 3)
    expect(revocations.size).toBe(1)
  })

  test("[A9] ends the user's connections and refuses the token from then on", async () => {
    await using server = await startGuarded({ tokens: { secret, inQuery: true } })
    const token = await tokenFor("1001", { jti: "t-1" })
    await using laba = await connectByLaba(`${server.base}/_/ws?token=${token}`)
    await using other = await connectByLaba(`${server.base}/_/ws?token=${await tokenFor("1002")}`)
    const revoked = await fetch(`${server.base}/_/api/revoke`, {
      method: "POST",
      headers: { ...bearing(shop.text), "Content-Type": "application/json" },
      body: JSON.stringify({ user: "1001" }),
    })
    expect(revoked.ok).toBeTrue()
    expect(await laba.frame("error")).toMatchObject({ code: "unauthorized" })
    expect(await codeOf(await fetch(`${server.base}/c?after=e-0`, { headers: bearing(token) }))).toBe(
      "unauthorized",
    )
    other.send({ op: "ping", ref: 1 })
    expect(await other.frame("pong")).toMatchObject({ ref: 1 })
  })
})
