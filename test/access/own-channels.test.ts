// `/@<user>/…` belongs to that user, however its name, or the user's, is spelled.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import fc from "fast-check"
import { userPart } from "../../src/access/rules/own-channels.ts"
import { connectByLaba } from "../support/laba-socket.ts"
import { RawConnection } from "../support/raw-tcp.ts"
import { bearing, codeOf, doors, type Guarded, handshakeAt, shop, startGuarded, tokenFor } from "./guarded.ts"

let server: Guarded
beforeAll(async () => {
  server = await startGuarded({
    channels: { "/**": { listen: "anyone", publish: "anyone", manage: "anyone" } },
  })
})
afterAll(() => server[Symbol.asyncDispose]())

/** Spellings that might be taken for user 1001's channel, or for one outside of it. */
const tricks = [
  "/@1001/orders",
  "/%401001/orders",
  "/%40%31%30%30%31/orders",
  "/@100%31/%6frders",
  "/@1001",
  "/./@1001/orders",
  "/x/../@1001/orders",
  "/x/%2e%2e/@1001/orders",
  "/@1002/../@1001/orders",
  "/@1002/%2e%2e/@1001/orders",
  "/@1001%2forders",
  "/@1001%5corders",
  "/@1001\\orders",
  "//@1001/orders",
  "/@1001//orders",
  "/@1001/orders/",
  "/@1001%00/orders",
  "/@1001;a/orders",
  "/@1001%20/orders",
]

/** The status line and body of a request whose target is sent as it is. */
async function raw(target: string, headers: readonly string[]): Promise<{ status: number; body: string }> {
  await using connection = await RawConnection.open(server.base)
  connection.request(`GET ${target}`, [`Host: ${new URL(server.base).host}`, ...headers])
  const answer = await connection.answer()
  return { status: answer?.status ?? 0, body: answer?.body ?? "" }
}

describe("[A10] another user's channels", () => {
  test("are refused at every door, to everybody but their owner and a key", async () => {
    const other = await tokenFor("1002")
    for (const door of doors) {
      expect([door.name, await door.try(server.base, "/@1001/orders", null)]).toEqual([
        door.name,
        "unauthorized",
      ])
      expect([door.name, await door.try(server.base, "/@1001/orders", other)]).toEqual([
        door.name,
        "forbidden",
      ])
      expect([door.name, await door.try(server.base, "/@1001/orders", shop.text)]).toEqual([
        door.name,
        "let in",
      ])
    }
  })

  test("are not read by any trick of spelling", async () => {
    const posted = await fetch(`${server.base}/@1001/orders`, {
      method: "POST",
      body: "a secret",
      headers: bearing(shop.text),
    })
    expect(posted.status).toBe(201)
    const token = await tokenFor("1002")
    for (const trick of tricks) {
      for (const target of [
        trick,
        `${trick}?after=e-0`,
        `/_/poll?channel=${trick}`,
        `/_/poll?channel=${encodeURIComponent(trick)}`,
      ]) {
        const { status, body } = await raw(target, [`Authorization: Bearer ${token}`])
        expect([target, status >= 200 && status < 300 && body.includes("a secret")]).toEqual([target, false])
      }
      await using client = await connectByLaba(`${server.base}/_/ws`)
      client.send({ op: "token", ref: 0, token })
      client.send({ op: "subscribe", ref: 1, channel: trick })
      client.send({ op: "ping", ref: 2 })
      const subscribed: string[] = []
      for (;;) {
        const frame = await client.frames.next()
        if (frame.op === "subscribed") subscribed.push(frame.channel)
        if (frame.op === "pong") break
      }
      expect([trick, subscribed.filter((name) => name === "/@1001" || name.startsWith("/@1001/"))]).toEqual([
        trick,
        [],
      ])
    }
  })

  test("are not those of users who look alike", async () => {
    for (const user of [
      "1001 ",
      " 1001",
      "１００１",
      "1001\u200b",
      "1001/",
      "1001%",
      "%31001",
      "ⅼ001",
      "1001\u0000",
    ]) {
      const code = await codeOf(
        await fetch(`${server.base}/@1001/orders?after=e-0`, { headers: bearing(await tokenFor(user)) }),
      )
      expect([user, code]).toEqual([user, "forbidden"])
    }
    // NFC and NFD of one letter are two users.
    const [composed, decomposed] = ["\u00e9", "e\u0301"]
    const asked = async (owner: string, user: string) =>
      codeOf(
        await fetch(`${server.base}/${userPart(owner)}/x?after=e-0`, {
          headers: bearing(await tokenFor(user)),
        }),
      )
    expect(await asked(composed, composed)).toBe("let in")
    expect(await asked(composed, decomposed)).toBe("forbidden")
  })

  test("have a history that is not replayed to others, by its cursor neither", async () => {
    const posted = await fetch(`${server.base}/@1001/orders`, {
      method: "POST",
      body: "1",
      headers: bearing(shop.text),
    })
    const { cursor } = (await posted.json()) as { cursor: string }
    const before = cursor.replace(/-[^.]*/, "-0")
    const headers = bearing(await tokenFor("1002"))
    expect(await codeOf(await fetch(`${server.base}/@1001/orders?after=${before}`, { headers }))).toBe(
      "forbidden",
    )
    const events = { ...headers, Accept: "text/event-stream", "Last-Event-ID": before }
    expect(await codeOf(await fetch(`${server.base}/@1001/orders`, { headers: events }))).toBe("forbidden")
    expect(
      (
        await handshakeAt(server.base, `/@1001/orders?after=${before}`, [
          `Authorization: Bearer ${await tokenFor("1002")}`,
        ])
      ).code,
    ).toBe("forbidden")
  })
})

describe("`/@me`", () => {
  test("is the user's own, whoever asks, and nobody's without one", async () => {
    for (const user of [
      "1001",
      "a@b.example",
      "auth0|12",
      "https://id.example/users/7",
      "喇叭",
      "me",
      "..",
      "100%",
      "a?b#c",
    ]) {
      const token = await tokenFor(user)
      await using client = await connectByLaba(`${server.base}/_/ws`)
      client.send({ op: "token", ref: 0, token })
      client.send({ op: "subscribe", ref: 1, channel: "/@me/orders" })
      expect(await client.frame("subscribed")).toMatchObject({ channel: `/${userPart(user)}/orders` })
      const url = `${server.base}/${userPart(user)}/orders`
      const posted = await fetch(url, { method: "POST", body: "yours", headers: bearing(shop.text) })
      expect([user, posted.status]).toEqual([user, 201])
      expect((await client.frame("message")).data).toBe("yours")
      const polled = await fetch(`${server.base}/@me/orders`, { headers: bearing(token) })
      expect([user, await polled.text()]).toEqual([user, "yours"])
    }
    expect(await codeOf(await fetch(`${server.base}/@me/orders`))).toBe("unauthorized")
    expect(await codeOf(await fetch(`${server.base}/@me/orders`, { headers: bearing(shop.text) }))).toBe(
      "forbidden",
    )
  })

  test("is published to by its user only where a rule says so", async () => {
    const post = async (base: string) =>
      codeOf(
        await fetch(`${base}/@me/out`, {
          method: "POST",
          body: "x",
          headers: bearing(await tokenFor("1001")),
        }),
      )
    expect(await post(server.base)).toBe("forbidden")
    await using other = await startGuarded({ channels: { "/@*/out": { publish: "owner" } } })
    expect(await post(other.base)).toBe("let in")
  })
})

test("no two users share a part of a name, and every part is in canonical form", () => {
  const user = fc.oneof(
    fc.string({ minLength: 1, maxLength: 20 }),
    fc.string({
      minLength: 1,
      maxLength: 8,
      unit: fc.constantFrom("a", "%", "2", "F", "/", "\\", "m", "e", "é", "\u0001"),
    }),
  )
  const partOf = (text: string): string | null => {
    try {
      return userPart(text)
    } catch {
      return null
    }
  }
  fc.assert(
    fc.property(user, user, (one, other) => {
      const [a, b] = [partOf(one), partOf(other)]
      if (a !== null && b !== null) expect(a === b).toBe(one === other)
      if (a !== null) expect(a).toMatch(/^@[\w.~!$&'()+,;=:@%-]+$/)
    }),
    { numRuns: 2000 },
  )
})
