import { describe, expect, test } from "bun:test"
import { connectByLaba } from "../support/laba-socket.ts"
import { headOf } from "../support/publish.ts"
import { listenByRawSocket } from "../support/raw-socket.ts"
import { listenBySse } from "../support/sse-stream.ts"
import { lastSeen, openStage, type Stage } from "./stage.ts"

interface Listed {
  readonly id: string
  readonly transport: string
  readonly protocol: string
  readonly user: string | null
}

async function all<Item>(stage: Stage, path: string, name: string, limit = 1000): Promise<Item[]> {
  const items: Item[] = []
  for (let cursor: string | null = null; ;) {
    const query: string = `?limit=${limit}${cursor === null ? "" : `&cursor=${cursor}`}`
    const page: Record<string, unknown> = await stage.json(200, "GET", path + query)
    const found = page[name] as Item[]
    expect(found.length).toBeLessThanOrEqual(limit)
    items.push(...found)
    cursor = page["next"] as string | null
    if (cursor === null) return items
  }
}

const connectionsOf = (stage: Stage, limit?: number) =>
  all<Listed>(stage, "/_/api/connections", "connections", limit)

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + 30_000
  while (!(await isSo())) {
    if (Date.now() > giveUpAt) throw new Error("it did not come to be")
    await Bun.sleep(5)
  }
}

describe("the list of connections", () => {
  test("has everybody, each by transport, protocol and user", async () => {
    await using stage = await openStage()
    await using _raw = await listenByRawSocket(`${stage.base}/c?user=ann`)
    await using _laba = await connectByLaba(`${stage.base}/_/ws`)
    await using stream = await listenBySse(`${stage.base}/c?user=bob`)
    await stream.position()
    const found = (await connectionsOf(stage)).map(({ id: _, ...rest }) => rest)
    expect(
      found.toSorted(
        (a, b) => a.transport.localeCompare(b.transport) || a.protocol.localeCompare(b.protocol),
      ),
    ).toEqual([
      { transport: "sse", protocol: "raw", user: "bob" },
      { transport: "websocket", protocol: "laba", user: null },
      { transport: "websocket", protocol: "raw", user: "ann" },
    ])
  })

  test("comes in pages, and whoever stays is on exactly one though others come and go", async () => {
    await using stage = await openStage()
    const sockets = await Promise.all(Array.from({ length: 23 }, () => listenByRawSocket(`${stage.base}/c`)))
    const first = await stage.json<{ connections: Listed[]; next: string }>(
      200,
      "GET",
      "/_/api/connections?limit=10",
    )
    await sockets[0]?.[Symbol.asyncDispose]()
    await sockets[22]?.[Symbol.asyncDispose]()
    await until(async () => (await headOf(`${stage.base}/c`)).listeners === 21)
    await using _newcomer = await listenByRawSocket(`${stage.base}/c`)
    const rest = await stage.json<{ connections: Listed[]; next: string | null }>(
      200,
      "GET",
      `/_/api/connections?limit=1000&cursor=${first.next}`,
    )
    const ids = [...first.connections, ...rest.connections].map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const now = (await connectionsOf(stage, 7)).map(({ id }) => id)
    expect(now).toHaveLength(22)
    // All but the newcomer, who may stand behind the cursor or before it.
    expect(now.filter((id) => ids.includes(id)).length).toBeGreaterThanOrEqual(21)
    for (const socket of sockets) await socket[Symbol.asyncDispose]()
  })

  test("refuses a limit and a cursor that it never gave", async () => {
    await using stage = await openStage()
    for (const [query, code] of [
      ["limit=0", "bad_query"],
      ["limit=1001", "bad_query"],
      ["limit=ten", "bad_query"],
      ["limit=1&limit=2", "bad_query"],
      ["limit=%zz", "bad_query"],
      ["cursor=x", "bad_cursor"],
    ]) {
      expect((await stage.refusal("GET", `/_/api/connections?${query}`)).code).toBe(code as never)
    }
  })
})

describe("one connection", () => {
  test("is looked at, pushed to, and ended for good", async () => {
    await using stage = await openStage()
    await using listener = await connectByLaba(`${stage.base}/c`)
    const { connection: id } = await listener.frame("hello")
    await listener.frame("subscribed")
    const path = `/_/api/connections/${id}`
    expect(await stage.json<object>(200, "GET", path)).toEqual({
      id,
      transport: "websocket",
      protocol: "laba",
      user: null,
      channels: ["/c"],
    })
    expect((await stage.call("POST", path, "psst", { "content-type": "text/plain" })).status).toBe(204)
    expect(await listener.frame("direct")).toMatchObject({ type: "text/plain", data: "psst" })
    expect((await stage.call("DELETE", path)).status).toBe(204)
    expect(await listener.frame("error")).toMatchObject({ code: "disconnected", retry: "stay-away" })
    await until(async () => (await stage.call("GET", path)).status === 410)
    for (const method of ["GET", "POST", "DELETE"]) {
      expect((await stage.refusal(method, path, method === "POST" ? "x" : undefined)).code).toBe("gone")
    }
  })

  test("ends on every transport with a word that it is not to come back", async () => {
    await using stage = await openStage()
    await using raw = await listenByRawSocket(`${stage.base}/c`)
    await using stream = await listenBySse(`${stage.base}/c`)
    await stream.position()
    for (const { id } of await connectionsOf(stage))
      await stage.json(204, "DELETE", `/_/api/connections/${id}`)
    expect(await raw.end()).toMatchObject({ number: 4019, code: "disconnected" })
    expect(await stream.end()).toMatchObject({ code: "disconnected" })
  })

  test("that is a poll cannot be pushed to, and can be ended", async () => {
    await using stage = await openStage()
    const poll = fetch(`${stage.base}/c?wait=25&user=ann`)
    await until(async () => (await connectionsOf(stage)).length === 1)
    const path = `/_/api/connections/${lastSeen.connection}`
    expect(await stage.json<object>(200, "GET", path)).toMatchObject({
      transport: "poll",
      user: "ann",
      channels: ["/c"],
    })
    expect(await stage.refusal("POST", path, "x", { "content-type": "text/plain" })).toMatchObject({
      status: 409,
      code: "cannot_receive",
    })
    expect((await stage.call("DELETE", path)).status).toBe(204)
    expect(await (await poll).json()).toMatchObject({ code: "disconnected" })
    await until(async () => (await connectionsOf(stage)).length === 0)
  })

  test("with a forged or foreign id is gone, like any other", async () => {
    await using stage = await openStage()
    await using _listener = await listenByRawSocket(`${stage.base}/c`)
    const [real] = await connectionsOf(stage)
    const [node, number] = (real as Listed).id.split("-")
    for (const id of [
      `${node}-${number}-AAAAAAAAAAAAAAAA`,
      `other-${number}-x`,
      `${node}-${number}`,
      "x",
      "%00",
    ]) {
      expect((await stage.refusal("GET", `/_/api/connections/${id}`)).code).toBe("gone")
    }
    expect((await stage.refusal("GET", "/_/api/connections/%zz")).status).toBe(400)
  })
})

describe("users", () => {
  test("are listed with their connections, and all of one's are ended together", async () => {
    await using stage = await openStage()
    const ann = await Promise.all(
      Array.from({ length: 3 }, () => listenByRawSocket(`${stage.base}/c?user=ann`)),
    )
    await using bob = await listenByRawSocket(`${stage.base}/c?user=bob`)
    const users = await all<{ user: string }>(stage, "/_/api/users", "users", 1)
    expect(users.toSorted((a, b) => a.user.localeCompare(b.user))).toMatchObject([
      { user: "ann", connections: 3 },
      { user: "bob", connections: 1 },
    ] as never)
    expect(await all<Listed>(stage, "/_/api/users/ann", "connections", 2)).toHaveLength(3)
    expect(await stage.json<object>(200, "POST", "/_/api/users/ann/disconnect")).toEqual({
      user: "ann",
      disconnected: 3,
    })
    for (const listener of ann) expect(await listener.end()).toMatchObject({ code: "disconnected" })
    await until(async () => (await all(stage, "/_/api/users", "users")).length === 1)
    expect(bob.socket.readyState).toBe(WebSocket.OPEN)
    expect(await stage.json<object>(200, "GET", "/_/api/users/nobody")).toEqual({
      user: "nobody",
      connections: [],
      next: null,
    })
  })

  test("may have any name", async () => {
    await using stage = await openStage()
    const user = "a/b %喇叭?"
    await using _listener = await listenByRawSocket(`${stage.base}/c?user=${encodeURIComponent(user)}`)
    const path = `/_/api/users/${encodeURIComponent(user)}`
    expect(await stage.json<object>(200, "GET", path)).toMatchObject({ user, connections: [{ user }] })
  })
})

describe("channels", () => {
  test("are listed with listeners and what is kept, page by page", async () => {
    await using stage = await openStage()
    for (let i = 0; i < 12; i++) await stage.laba.publish(`/c/${i}`, "x")
    await using _listener = await listenByRawSocket(`${stage.base}/heard`)
    const channels = await all<{ channel: string; listeners: number }>(
      stage,
      "/_/api/channels",
      "channels",
      5,
    )
    expect(channels).toHaveLength(13)
    expect(channels.find(({ channel }) => channel === "/c/7")).toMatchObject({
      listeners: 0,
      kept: 1,
      bytes: 1,
    })
    expect(channels.find(({ channel }) => channel === "/heard")).toMatchObject({ listeners: 1, kept: 0 })
  })

  test("are read from the oldest message on, or from a cursor, in pages", async () => {
    await using stage = await openStage({ channels: { "/short": { history: { count: 3 } } } })
    for (let i = 1; i <= 5; i++) await stage.laba.publish("/short", i)
    interface Page {
      cursor: string
      more: boolean
      reset: string | null
      messages: { data: number; cursor: string }[]
    }
    const read = (query: string) =>
      stage.json<Page>(200, "GET", `/_/api/channels/history?channel=/short${query}`)
    const first = await read("&limit=2")
    expect([first.messages.map(({ data }) => data), first.more]).toEqual([[3, 4], true])
    const second = await read(`&limit=2&after=${first.cursor}`)
    expect([second.messages.map(({ data }) => data), second.more]).toEqual([[5], false])
    expect(await read(`&after=${second.cursor}`)).toMatchObject({ messages: [], cursor: second.cursor })
    await stage.laba.publish("/short", 6)
    await stage.laba.publish("/short", 7)
    await stage.laba.publish("/short", 8)
    expect(await read(`&after=${first.messages[0]?.cursor}`)).toMatchObject({
      reset: "trimmed",
      messages: [],
    })
    expect((await stage.refusal("GET", "/_/api/channels/history")).code).toBe("bad_query")
    expect((await stage.refusal("GET", "/_/api/channels/history?channel=short")).code).toBe("bad_channel")
    expect((await stage.refusal("GET", "/_/api/channels/history?channel=/a&after=~")).code).toBe("bad_cursor")
  })
})
