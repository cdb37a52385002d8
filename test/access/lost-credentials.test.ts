// What was accepted once is accepted for as long as it rests on what is configured, published and not revoked: whoever is
// connected by it or waits by it is sent away when that is over, on every transport.
import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { generateKeyPairSync } from "node:crypto"
import { SignJWT } from "jose"
import { makeKey } from "../../src/access/credentials/keys.ts"
import type { ConfigInput } from "../../src/config/config.ts"
import { eventually } from "../support/eventually.ts"
import { sockJsServices } from "../support/transports.ts"
import { allBy, endsOf, listenEveryWay, socketAt, type Way } from "./every-way.ts"
import {
  bearing,
  codeOf,
  credentials,
  type Guarded,
  inSeconds,
  revoke,
  secret,
  shop,
  startGuarded,
  tokenFor,
} from "./guarded.ts"

setDefaultTimeout(40_000)

const channel = "/c/1"

/** A server whose configuration can be changed under it. */
async function startReloaded(first: ConfigInput) {
  let current = first
  const always = { ...sockJsServices(channel), limits: { drainSeconds: 0 }, listen: { port: 0 } }
  const whole = (): ConfigInput => ({ ...current, ...always })
  const server = await startGuarded({ ...first, source: whole })
  return {
    ...server,
    async reload(next: ConfigInput) {
      current = next
      await server.laba.reload()
    },
  }
}

/** Once so many listen there. */
const listeners = (base: string, count: number): Promise<void> =>
  eventually(async () => {
    const { headers } = await fetch(base + channel, { method: "HEAD", headers: bearing(shop.text) })
    expect(Number(headers.get("laba-listeners"))).toBe(count)
  })

async function everyWay({ base }: Pick<Guarded, "base">, credential: string | null): Promise<Way[]> {
  const ways = await listenEveryWay({ base, channel, credential })
  await listeners(base, ways.length)
  return ways
}

const ask = async (base: string, credential: string) =>
  codeOf(await fetch(`${base}${channel}?after=e-0`, { headers: bearing(credential) }))

const publishing = async (base: string, credential: string) =>
  codeOf(await fetch(base + channel, { method: "POST", body: "x", headers: bearing(credential) }))

describe("a reload", () => {
  const [old, next] = [makeKey("desk"), makeKey("desk")]
  const key = ({ sha256 }: { sha256: string }, listen = ["/c/*"]) => ({
    name: "desk",
    sha256,
    listen,
    publish: listen,
  })
  const [operator] = credentials.keys

  test("[A13] that takes out one of two keys of one name ends all that came by it", async () => {
    await using server = await startReloaded({ keys: [operator, key(old), key(next)] })
    const ways = await everyWay(server, old.text)
    await server.reload({ keys: [operator, key(next)] })
    expect(await endsOf(ways)).toEqual(allBy(ways, "unauthorized"))
    expect([await ask(server.base, old.text), await ask(server.base, next.text)]).toEqual([
      "unauthorized",
      "let in",
    ])
  })

  test("[A13] that leaves a key as it is ends nobody", async () => {
    await using server = await startReloaded({ keys: [operator, key(old), key(next)] })
    const ways = await everyWay(server, next.text)
    await server.reload({ keys: [operator, key(next)] })
    await listeners(server.base, ways.length)
    for (const way of ways) way.close()
  })

  test("[A13] that narrows a key ends what it listens to no longer may, and its publishing", async () => {
    await using server = await startReloaded({ keys: [operator, key(old)] })
    const ways = await everyWay(server, old.text)
    await server.reload({ keys: [operator, key(old, ["/c/2"])] })
    expect(await endsOf(ways)).toEqual(allBy(ways, "forbidden"))
    expect(await publishing(server.base, old.text)).toBe("forbidden")
  })

  test("[A13] that narrows a key leaves a connection of many channels those that it may still hear", async () => {
    await using server = await startReloaded({ keys: [operator, key(old)] })
    const { base } = server
    const socket = socketAt({ base, channel: "/_/ws", credential: old.text }, ["laba.v1"])
    const frames: { op: string; channel?: string; code?: string; data?: unknown }[] = []
    socket.onmessage = ({ data }) => void frames.push(JSON.parse(String(data)))
    await new Promise((resolve) => (socket.onopen = resolve))
    for (const name of ["/c/1", "/c/2"])
      socket.send(JSON.stringify({ op: "subscribe", ref: name, channel: name }))
    await eventually(() => expect(frames.filter(({ op }) => op === "subscribed")).toHaveLength(2))
    await server.reload({ keys: [operator, key(old, ["/c/2"])] })
    await fetch(`${base}/c/2`, { method: "POST", body: "on", headers: bearing(shop.text) })
    await eventually(() => expect(frames.at(-1)).toMatchObject({ op: "message", channel: "/c/2" }))
    expect(frames.filter(({ op }) => op === "error")).toMatchObject([{ channel: "/c/1", code: "forbidden" }])
    // Rights over the connection are those of the key as it is now.
    socket.send(JSON.stringify({ op: "publish", ref: 9, channel: "/c/1", data: 1 }))
    await eventually(() => expect(frames.at(-1)).toMatchObject({ op: "error", ref: 9, code: "forbidden" }))
    socket.close()
  })

  test("[A13] that takes out the secret of tokens ends all that came by one, and nobody by another", async () => {
    const second = "another secret, also of 32 bytes and more"
    const both = { keys: [operator], tokens: { secret: [second, secret] } }
    await using server = await startReloaded(both)
    const token = await tokenFor("1001")
    const ways = await everyWay(server, token)
    await server.reload({ keys: [operator], tokens: { secret: [second, `${second}, a third`] } })
    expect(await endsOf(ways)).toEqual(allBy(ways, "unauthorized"))
    expect(await ask(server.base, token)).toBe("unauthorized")
    await server.reload(both)
    const again = await everyWay(server, token)
    await server.reload({ keys: [operator], tokens: { secret } })
    await listeners(server.base, again.length)
    for (const way of again) way.close()
  })

  test("[A13] that takes out a key keeps what is on its way by it from being done", async () => {
    await using server = await startReloaded({
      keys: [operator, { ...key(old, ["/**"]), manage: ["/**"] }],
      tokens: { secret },
    })
    const encode = (text: string) => new TextEncoder().encode(text)
    const sending = async (path: string, first: string, type: string) => {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
      const writer = writable.getWriter()
      const headers = { ...bearing(old.text), "Content-Type": type }
      const response = fetch(server.base + path, { method: "POST", body: readable, headers })
      await writer.write(encode(first))
      return async (rest: string) => {
        await writer.write(encode(rest))
        await writer.close()
        return codeOf(await response)
      }
    }
    const publish = await sending(channel, "half", "text/plain")
    const revoking = await sending("/_/api/revoke", '{"user":"10', "application/json")
    const batch = await sending("/_/api/publish", '{"messages":[', "application/json")
    await Bun.sleep(300)
    await server.reload({ keys: [operator], tokens: { secret } })
    expect(await publish(" more")).toBe("unauthorized")
    expect(await revoking('01"}')).toBe("unauthorized")
    expect(await batch('{"channel":"/c/1","data":1}]}')).toBe("unauthorized")
    expect(server.laba.counters.published).toBe(0)
    expect(await ask(server.base, await tokenFor("1001"))).toBe("let in")
  })

  test("[A13] that wants another audience ends whose tokens are not meant for it", async () => {
    const tokens = { secret, audience: ["a", "b"] }
    await using server = await startReloaded({ keys: [operator], tokens })
    const ways = await everyWay(server, await tokenFor("1001", { aud: "a" }))
    await server.reload({ keys: [operator], tokens: { secret, audience: ["a", "c"] } })
    await listeners(server.base, ways.length)
    await server.reload({ keys: [operator], tokens: { secret, audience: ["b"] } })
    expect(await endsOf(ways)).toEqual(allBy(ways, "unauthorized"))
  })

  test("[R5] that takes away the right to see who listens ends the watching", async () => {
    const rule = (presence: "token" | "key") => ({ "/**": { presence, listen: "token" } }) as const
    const tokens = { secret }
    await using server = await startReloaded({ keys: [operator], tokens, channels: rule("token") })
    const credential = await tokenFor("1001")
    const socket = socketAt({ base: server.base, channel: "/_/ws", credential }, ["laba.v1"])
    const seen: string[] = []
    socket.onmessage = ({ data }) => void seen.push(String(data))
    await new Promise((resolve) => (socket.onopen = resolve))
    socket.send(JSON.stringify({ op: "presence", ref: 1, channel, watch: true }))
    await eventually(() => expect(seen.join("\n")).toContain('"op":"presence"'))
    await server.reload({ keys: [operator], tokens, channels: rule("key") })
    const ways = await everyWay(server, await tokenFor("1002"))
    // Longer than changes are gathered for.
    await Bun.sleep(1500)
    expect(seen.join("\n")).not.toContain("1002")
    for (const way of ways) way.close()
    socket.close()
  })
})

describe("a revocation", () => {
  test("[A9] of a user ends all of theirs, a held poll too, and nobody else", async () => {
    await using server = await startGuarded()
    const ways = await everyWay(server, await tokenFor("1001"))
    await revoke(server, { user: "1001" })
    expect(await endsOf(ways)).toEqual(allBy(ways, "unauthorized"))
  })

  test("[A9] of a token ends all that came by it, a held poll too", async () => {
    await using server = await startGuarded()
    const ways = await everyWay(server, await tokenFor("1001", { jti: "t-1" }))
    await revoke(server, { token: "t-1", expires: inSeconds(600) })
    expect(await endsOf(ways)).toEqual(allBy(ways, "unauthorized"))
  })

  test("[A9] reaches a token of an issuer whose clock is ahead, as far as clocks may be", async () => {
    await using server = await startGuarded()
    const token = await tokenFor("1001", { iat: inSeconds(4) })
    const ways = await everyWay(server, token)
    await revoke(server, { user: "1001" })
    // The same code as for a token that ran out: a client that asks for a new one gets in again by itself.
    expect(await endsOf(ways)).toEqual(allBy(ways, "token_expired"))
    expect(await ask(server.base, token)).toBe("token_expired")
    expect(await ask(server.base, await tokenFor("1001", { iat: inSeconds(-60) }))).toBe("unauthorized")
  })

  test("[A9] a token from the future is none: no revocation would reach it", async () => {
    await using server = await startGuarded()
    expect(await ask(server.base, await tokenFor("1001", { iat: inSeconds(60) }))).toBe("unauthorized")
    expect(await ask(server.base, await tokenFor("1001", { iat: inSeconds(3) }))).toBe("let in")
  })

  test("[A9] of a user whom the application named ends them, and does not lock them out", async () => {
    await using server = await startGuarded({ onConnect: () => ({ user: "1001" }) })
    const ways = await everyWay(server, null)
    await revoke(server, { user: "1001" })
    expect(await endsOf(ways)).toEqual(allBy(ways, "unauthorized"))
    const again = await everyWay(server, null)
    await revoke(server, { user: "1001" })
    expect(await endsOf(again)).toEqual(allBy(again, "unauthorized"))
  })

  test.each([
    ["a token without a user", () => tokenFor(undefined)],
    ["a token of another user", () => tokenFor("1002")],
    ["a key", () => Promise.resolve(shop.text)],
  ])("[A9] of a user whom the application named for %s ends them", async (_, credential) => {
    await using server = await startGuarded({ onConnect: () => ({ user: "1001" }) })
    const ways = await everyWay(server, await credential())
    await revoke(server, { user: "1001" })
    expect(await endsOf(ways)).toEqual(allBy(ways, "unauthorized"))
    // Named anew, it is as good as before.
    const again = await everyWay(server, await credential())
    for (const way of again) way.close()
  })

  test("[A9] while the application is asked who somebody is keeps them out", async () => {
    const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>()
    const { promise: answer, resolve: letIn } = Promise.withResolvers<void>()
    await using server = await startGuarded({
      async onConnect() {
        isAsked()
        await answer
      },
    })
    const headers = { Accept: "text/event-stream", ...bearing(await tokenFor("1001")) }
    const response = fetch(server.base + channel, { headers })
    await asked
    await revoke(server, { user: "1001" })
    letIn()
    expect(await codeOf(await response)).toBe("unauthorized")
  })

  test("[A9] while the application is asked about a message keeps it from being published", async () => {
    const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>()
    const { promise: answer, resolve: letIn } = Promise.withResolvers<void>()
    await using server = await startGuarded({
      async onMessage() {
        isAsked()
        await answer
        return { publish: true }
      },
    })
    const socket = socketAt({ base: server.base, channel, credential: await tokenFor("1001") })
    const closed = new Promise((resolve) => (socket.onclose = resolve))
    await new Promise((resolve) => (socket.onopen = resolve))
    socket.send("hello")
    await asked
    await revoke(server, { user: "1001" })
    letIn()
    await closed
    await eventually(() => expect(server.laba.counters.publishesRefused.get("unauthorized")).toBe(1))
    expect(server.laba.counters.published).toBe(0)
  })

  test("[A9] while a body is on its way keeps it from being published", async () => {
    await using server = await startGuarded({ channels: { "/**": { publish: "token" } } })
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const writer = writable.getWriter()
    const response = fetch(server.base + channel, {
      method: "POST",
      body: readable,
      headers: { ...bearing(await tokenFor("1001")), "Content-Type": "text/plain" },
    })
    await writer.write(new TextEncoder().encode("half"))
    await Bun.sleep(200)
    await revoke(server, { user: "1001" })
    await writer.close()
    expect(await codeOf(await response)).toBe("unauthorized")
    expect(server.laba.counters.published).toBe(0)
  })
})

test("[H13] ending a user's connections ends their held polls too", async () => {
  await using server = await startGuarded()
  const ways = await everyWay(server, await tokenFor("1001"))
  const response = await fetch(`${server.base}/_/api/users/1001/disconnect`, {
    method: "POST",
    headers: bearing(shop.text),
  })
  expect(await response.json()).toEqual({ user: "1001", disconnected: ways.length })
  expect(await endsOf(ways)).toEqual(allBy(ways, "disconnected"))
})

describe("a public key", () => {
  const makePair = () => generateKeyPairSync("ec", { namedCurve: "P-256" })
  const [first, second] = [makePair(), makePair()]
  type Pair = typeof first

  /** An issuer whose set of keys can be changed. */
  function startIssuer() {
    const issuer = { published: { a: first } as Record<string, Pair>, fetches: 0 }
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch() {
        issuer.fetches++
        const keys = Object.entries(issuer.published).map(([kid, { publicKey }]) => ({
          ...publicKey.export({ format: "jwk" }),
          kid,
          alg: "ES256",
        }))
        return Response.json({ keys })
      },
    })
    return Object.assign(issuer, {
      url: `http://127.0.0.1:${server.port}/keys`,
      [Symbol.dispose]: () => void server.stop(true),
    })
  }

  const tokenBy = (kid: string, { privateKey }: Pair) =>
    new SignJWT({ sub: "1001", exp: inSeconds(600), iat: inSeconds(0) })
      .setProtectedHeader({ alg: "ES256", kid })
      .sign(privateKey)

  const [operator] = credentials.keys

  test("[A13] that the next set lacks ends all that came by it", async () => {
    using issuer = startIssuer()
    const config = { keys: [operator], tokens: { jwks: issuer.url } }
    await using server = await startReloaded(config)
    const token = await tokenBy("a", first)
    const ways = await everyWay(server, token)
    issuer.published = { b: second }
    // An address that nobody has fetched from before is fetched from at once.
    await server.reload({ keys: [operator], tokens: { jwks: `${issuer.url}?again` } })
    expect(await endsOf(ways)).toEqual(allBy(ways, "unauthorized"))
    // It may be published again: nobody has asked since.
    expect(await ask(server.base, token)).toBe("keys_unavailable")
    expect(await ask(server.base, await tokenBy("b", second))).toBe("let in")
  })

  test("is not fetched again by a reload, and nobody is ended by one", async () => {
    using issuer = startIssuer()
    const config = { keys: [operator], tokens: { jwks: issuer.url } }
    await using server = await startReloaded(config)
    const ways = await everyWay(server, await tokenBy("a", first))
    await server.reload({ ...config, channels: { "/other": { listen: "key" } } })
    expect(await ask(server.base, await tokenBy("a", first))).toBe("let in")
    await listeners(server.base, ways.length)
    expect(issuer.fetches).toBe(1)
    for (const way of ways) way.close()
  })

  test("[E2, A14] that is published after the last fetch is waited for: back off, and not stay away", async () => {
    using issuer = startIssuer()
    await using server = await startGuarded({ keys: [], tokens: { jwks: issuer.url } })
    expect(await ask(server.base, await tokenBy("a", first))).toBe("let in")
    issuer.published = { a: first, b: second }
    const response = await fetch(`${server.base}${channel}?after=e-0`, {
      headers: bearing(await tokenBy("b", second)),
    })
    expect(Number(response.headers.get("retry-after"))).toBeWithin(1, 31)
    expect(await response.json()).toMatchObject({ code: "keys_unavailable", retry: "back-off" })
    expect(issuer.fetches).toBe(1)
  })
})
