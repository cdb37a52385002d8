// What backends and clients may ask of any node, wherever the connection is.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { ServerFrame } from "../../wire/frames.ts"
import { credentials, shop, tokenFor } from "../access/guarded.ts"
import type { Stage } from "../backend-api/stage.ts"
import { eventually } from "../support/eventually.ts"
import { connectByLaba } from "../support/laba-socket.ts"
import { RedisCluster, RedisProcess, SentinelTrio } from "../support/redis-servers.ts"
import {
  type ClusterStage,
  listenAs,
  nodeNames,
  openCluster,
  openClusterOver,
  type SomeRedis,
  until,
} from "./stage.ts"

const channels = { "/rooms/**": { presence: true } } as const

interface Listed {
  readonly id: string
  readonly user: string | null
}

/** Everything of a list, two a page. */
async function all<Item>({ json }: Stage, path: string, name: string): Promise<Item[]> {
  const items: Item[] = []
  for (let cursor = ""; ;) {
    const page = await json<Record<string, unknown>>(200, "GET", `${path}?limit=2${cursor}`)
    items.push(...(page[name] as Item[]))
    if (page["next"] === null) return items
    cursor = `&cursor=${encodeURIComponent(String(page["next"]))}`
  }
}

const kinds = {
  "one Redis": () => RedisProcess.start(),
  "a master behind Sentinels": () => SentinelTrio.start(),
  "a Redis Cluster": () => RedisCluster.start(),
} as const satisfies Record<string, () => Promise<SomeRedis>>

for (const [kind, start] of Object.entries(kinds))
  describe(`two nodes over ${kind}`, () => {
    let cluster: ClusterStage
    let a: Stage
    let b: Stage

    beforeAll(async () => {
      cluster = await openClusterOver<SomeRedis>({ redis: await start(), count: 2, options: { channels } })
      ;[a, b] = cluster.nodes as [Stage, Stage]
    }, 60_000)

    afterAll(() => cluster[Symbol.asyncDispose]())

    test("every node knows all nodes, by name, address and load", async () => {
      const connected = await listenAs(a.base, "load", "/load")
      await until(async () => {
        const { nodes } = await b.json<{ nodes: { self: boolean; load: { connections: number } }[] }>(
          200,
          "GET",
          "/_/api/nodes",
        )
        return nodes.some(({ self, load }) => !self && load.connections === 1)
      })
      expect(await nodeNames(a)).toEqual(["a", "b"])
      const { nodes } = await b.json<{ nodes: { name: string; address: string; self: boolean }[] }>(
        200,
        "GET",
        "/_/api/nodes",
      )
      const byName = Object.fromEntries(nodes.map((node) => [node.name, node]))
      expect(byName).toMatchObject({
        a: { address: a.base, self: false },
        b: { address: b.base, self: true },
      })
      connected.socket.close()
    })

    test("[K2] a connection is found, pushed to and ended from the other node", async () => {
      const ann = await listenAs(a.base, "ann", "/orders/1")
      const path = `/_/api/connections/${ann.id}`
      expect(await b.json<object>(200, "GET", path)).toMatchObject({ user: "ann", channels: ["/orders/1"] })
      const pushed = await b.call("POST", path, "psst", { "content-type": "text/plain" })
      expect(pushed.status).toBe(204)
      expect(await ann.frame("direct")).toMatchObject({ type: "text/plain", data: "psst" })
      const bytes = await fetch(`${b.base}${path}`, {
        method: "POST",
        body: new Uint8Array([0, 255, 10]),
        headers: { "content-type": "application/octet-stream" },
      })
      expect(bytes.status).toBe(204)
      expect(await ann.frame("direct")).toMatchObject({ data: "AP8K", base64: true })
      await b.json(204, "DELETE", path)
      expect(await ann.frame("error")).toMatchObject({ code: "disconnected" })
      await until(async () => (await b.call("GET", path)).status === 410)
      expect((await b.refusal("POST", path, "psst")).code).toBe("gone")
    })

    test("[K2] ids of nodes that never were are gone, whatever they spell", async () => {
      for (const id of [
        "aaaaaa-1-AAAAAAAAAAAAAAAA",
        "x",
        "-",
        "%7Ba%7D-1-A",
        "a%0Ab-1-A",
        `${"9".repeat(300)}-1-A`,
      ])
        expect([id, (await b.refusal("GET", `/_/api/connections/${id}`)).code]).toEqual([id, "gone"])
    })

    test("[K2] lists have the connections and users of all nodes, each once", async () => {
      const here = await Promise.all(["u1", "u2", "u3"].map((user) => listenAs(a.base, user, "/lists")))
      const there = await Promise.all(["u3", "u4", "u5"].map((user) => listenAs(b.base, user, "/lists")))
      const ids = [...here, ...there].map(({ id }) => id).sort()
      await eventually(async () => {
        const listed = await all<Listed>(b, "/_/api/connections", "connections")
        const ours = listed.filter(({ user }) => user?.[0] === "u")
        expect(ours.map(({ id }) => id).sort()).toEqual(ids)
      })
      await eventually(async () => {
        const users = await all<{ user: string; node: string }>(a, "/_/api/users", "users")
        const names = users.map(({ user }) => user).filter((user) => user.startsWith("u"))
        expect(names.sort()).toEqual(["u1", "u2", "u3", "u3", "u4", "u5"])
      })
      await until(async () => (await all<Listed>(a, "/_/api/users/u3", "connections")).length === 2)
      for (const { socket } of [...here, ...there]) socket.close()
    })

    test("[K5] two tabs of one user on two nodes both hear, and closing one leaves the other", async () => {
      const channel = "/@bob/news"
      const tabs = [await listenAs(a.base, "bob", channel), await listenAs(b.base, "bob", channel)] as const
      const push = (data: number) =>
        a.json<{ listeners: number; nodes: number }>(201, "POST", "/_/api/users/bob/messages", {
          topic: "news",
          data,
        })
      await until(async () => (await push(0)).nodes === 2)
      for (const tab of tabs) expect((await tab.frame("message")).data).toBe(0)
      tabs[1].socket.close()
      await until(
        async () =>
          (await b.json<{ connections: unknown[] }>(200, "GET", "/_/api/users/bob")).connections.length === 1,
      )
      // That nobody listens there any more is told apart from that the connection has gone.
      await eventually(async () => expect(await push(1)).toMatchObject({ clusterListeners: 1, nodes: 1 }))
      for (let data: unknown = 0; data !== 1;) data = (await tabs[0].frame("message")).data
      tabs[0].socket.close()
    })

    test("[K3] a push to a user says how many connections on how many nodes hear it", async () => {
      const channel = "/@carol/news"
      const three = [
        await listenAs(a.base, "carol", channel),
        await listenAs(b.base, "carol", channel),
        await listenAs(b.base, "carol", channel),
      ]
      const push = () =>
        a.json<object>(201, "POST", "/_/api/users/carol/messages", { topic: "news", data: 1 })
      await until(async () => JSON.stringify(await push()).includes('"nodes":2'))
      expect(await push()).toMatchObject({ clusterListeners: 3, nodes: 2 })
      for (const { socket } of three) socket.close()
      await until(async () =>
        JSON.stringify(await push()).includes('"history":"kept","clusterListeners":0,"nodes":0'),
      )
    })

    test("[K2] all connections of a user are ended on every node", async () => {
      const two = [await listenAs(a.base, "dan", "/x"), await listenAs(b.base, "dan", "/x")]
      await until(async () => (await all<Listed>(a, "/_/api/users/dan", "connections")).length === 2)
      expect(await a.json<object>(200, "POST", "/_/api/users/dan/disconnect")).toEqual({
        user: "dan",
        disconnected: 2,
      })
      for (const one of two) expect(await one.frame("error")).toMatchObject({ code: "disconnected" })
    })

    test("[K1] a polled session is served by every node", async () => {
      const opened = await a.json<{ ack: number; frames: ServerFrame[] }>(201, "POST", "/_/session")
      const [hello] = opened.frames
      if (hello?.op !== "hello") throw new Error("no hello")
      const url = `/_/session/${hello.connection}`
      const commands = await b.call("POST", url, [
        { op: "subscribe", ref: 1, channel: "/session/1" },
        { op: "ping", ref: 2 },
      ])
      expect(commands.status).toBe(202)
      const frames: ServerFrame[] = []
      let { ack } = opened
      const poll = async (stage: Stage, wait: number) => {
        const page = await stage.json<{ ack: number; frames: ServerFrame[] }>(
          200,
          "GET",
          `${url}?ack=${ack}&wait=${wait}`,
        )
        ack = page.ack
        frames.push(...page.frames)
      }
      while (frames.length < 2) await poll(b, 1)
      expect(frames.map(({ op }) => op).sort()).toEqual(["pong", "subscribed"])
      const held = poll(b, 20)
      await b.json(201, "POST", "/session/1", { hello: "there" })
      await held
      expect(frames.at(-1)).toMatchObject({ op: "message", data: { hello: "there" } })
      expect((await b.refusal("POST", url, "nonsense")).code).toBe("bad_json")
      expect((await b.refusal("GET", `${url}?ack=999`)).code).toBe("bad_query")
      await b.json(204, "DELETE", url)
      expect((await b.refusal("POST", url, "nonsense")).code).toBe("gone")
      expect((await b.refusal("GET", `${url}?wait=nonsense`)).code).toBe("gone")
      expect((await a.refusal("GET", `${url}?ack=${ack}`)).code).toBe("gone")
      expect((await b.refusal("GET", `${url}?ack=${ack}`)).code).toBe("gone")
    })

    test("[K1] commands of a streamed session are taken by every node", async () => {
      const abort = new AbortController()
      const stream = await fetch(`${a.base}/_/session`, {
        headers: { accept: "text/event-stream" },
        signal: abort.signal,
      })
      const reader = (stream.body as ReadableStream<Uint8Array>).getReader()
      let text = ""
      const decoder = new TextDecoder()
      const read = async (word: string): Promise<string> => {
        while (!text.includes(word)) text += decoder.decode((await reader.read()).value, { stream: true })
        return text
      }
      const id = /"connection":"([^"]+)"/.exec(await read("\n\n"))?.[1] as string
      expect((await b.call("POST", `/_/session/${id}`, { op: "ping", ref: 7 })).status).toBe(202)
      expect(await read('"pong"')).toContain('"ref":7')
      expect((await b.refusal("GET", `/_/session/${id}?ack=0`)).code).toBe("bad_query")
      abort.abort()
    })

    test("[R1] who listens is one list on all nodes", async () => {
      const channel = "/rooms/1"
      const two = [await listenAs(a.base, "hal", channel), await listenAs(b.base, "ida", channel)]
      for (const { json } of [a, b]) {
        await until(async () => {
          const path = `/_/api/presence?channel=${channel}`
          return (await json<{ users: number }>(200, "GET", path)).users === 2
        })
      }
      for (const { socket } of two) socket.close()
    })
  })

test("[K4] a revocation holds on every node, also on one that starts later", async () => {
  const bearer = { authorization: `Bearer ${shop.text}` }
  await using guarded = await openCluster(2, credentials, bearer)
  const [first, second] = guarded.nodes as [Stage, Stage]
  const token = await tokenFor("eve", { jti: "t1" })
  const other = await tokenFor("fay")
  const eve = await connectByLaba(`${second.base}/_/ws`)
  eve.send({ op: "token", ref: 1, token })
  await eve.frame("token")
  const revoke = async (body: object) =>
    expect((await first.call("POST", "/_/api/revoke", body, bearer)).status).toBe(204)
  await revoke({ token: "t1", expires: Math.floor(Date.now() / 1000) + 600 })
  expect(await eve.frame("error")).toMatchObject({ code: "unauthorized" })
  await revoke({ user: "fay" })
  const third = await guarded.add(credentials)
  const refusedBy = async (stage: Stage) => {
    for (const gone of [token, other]) {
      const refused = async () =>
        (await stage.call("GET", "/c", undefined, { authorization: `Bearer ${gone}` })).status === 401
      await until(refused)
    }
  }
  for (const stage of guarded.nodes) await refusedBy(stage)
  // The nodes remember what Redis forgets, and tell it again.
  await guarded.redis.command("FLUSHALL")
  await until(async () => Number(await guarded.redis.command("ZCARD", "laba:{revoked}:all")) >= 2)
  await refusedBy(await guarded.add(credentials))
  const fine = await tokenFor("gus")
  expect((await third.call("GET", "/c", undefined, { authorization: `Bearer ${fine}` })).status).not.toBe(401)
})
