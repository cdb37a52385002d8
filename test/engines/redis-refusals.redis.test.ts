// A Redis that cannot be used, or not now: one sentence says why, and what a person can do.
import { describe, expect, test } from "bun:test"
import { parseChannel } from "../../src/channels/name.ts"
import type { EngineEvents } from "../../src/engines/engine.ts"
import { RedisProcess, until } from "../support/redis-servers.ts"
import { openEngine, refusalOf } from "./redis-maker.ts"
import { bounds, draft, keep } from "./stored.ts"

/** A guard against hanging. */
const deadlineMs = 60_000
const a = parseChannel("/a", "body")

describe("a Redis that cannot be used says why, and no secret:", () => {
  const deaf: EngineEvents = { deliver() {}, lost() {} }
  const opening = (url: string) => refusalOf(async () => (await openEngine(url, deaf)).close())

  test("a wrong password, and a missing one", async () => {
    await using redis = await RedisProcess.start({ config: { save: '""', requirepass: "right" } })
    const wrong = await opening(`redis://anna:hush@127.0.0.1:${redis.port}`)
    expect(wrong).toContain(`Redis at redis://127.0.0.1:${redis.port} refuses this user or password`)
    expect(wrong).not.toMatch(/anna|hush|right/)
    // Errors end up in logs, with all that hangs on them.
    const error: unknown = await openEngine(`redis://anna:hush@127.0.0.1:${redis.port}`, deaf).catch(
      (thrown: unknown) => thrown,
    )
    expect(Bun.inspect(error, { depth: 9 })).not.toMatch(/"hush"/)
    expect(await opening(redis.url)).toContain("wants a password")
    expect(await opening(`redis://:right@127.0.0.1:${redis.port}`)).toBe("nothing was refused")
  })

  test("a version that is too old", async () => {
    // None that old is at hand; all that is asked of it is what it calls itself.
    using server = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data(socket, bytes) {
          for (const [, name] of bytes.toString().matchAll(/\*\d+\r\n\$\d+\r\n(\w+)\r\n/g)) {
            const info = "redis_version:6.2.14\r\nrole:master\r\ncluster_enabled:0\r\n"
            if (name?.toUpperCase() === "INFO") socket.write(`$${info.length}\r\n${info}\r\n`)
            else socket.write(name?.toUpperCase() === "HELLO" ? "-NOPROTO no\r\n" : "+OK\r\n")
          }
        },
      },
    })
    expect(await opening(`redis://127.0.0.1:${server.port}`)).toContain(
      "has version 6.2.14; Laba needs 7 or newer",
    )
    server.stop(true)
  })

  test("a server that may drop any key when it is full", async () => {
    await using redis = await RedisProcess.start({
      config: { save: '""', maxmemory: "50mb", "maxmemory-policy": "allkeys-lru" },
    })
    expect(await opening(redis.url)).toContain("maxmemory-policy allkeys-lru")
  })

  test("one server of a Cluster, and no Cluster", async () => {
    await using redis = await RedisProcess.start({ config: { save: '""' } })
    expect(await opening(`redis-cluster://127.0.0.1:${redis.port}`)).toContain("is no node of a Cluster")
  })

  test("a database that is not there, or not for this user: nothing is written to another one", async () => {
    await using redis = await RedisProcess.start({ config: { save: '""', databases: "4" } })
    expect(await opening(`${redis.url}/4`)).toContain("has no database 4")
    await redis.command("ACL", "SETUSER", "anna", "on", ">hush", "~*", "&*", "+@all", "-select")
    const anna = `redis://anna:hush@127.0.0.1:${redis.port}`
    expect(await opening(`${anna}/3`)).toContain("does not let this user")
    expect(await opening(anna)).toBe("nothing was refused")

    const node = await openEngine(`${redis.url}/3`, deaf)
    await node.publish(draft("/a"), keep)
    await node.close()
    expect(await redis.command("INFO", "keyspace")).toMatch(/^# Keyspace\s+db3:\S+\s*$/)
  })

  test(
    "a replica: it may be the master later, so the node waits, and refuses publishes meanwhile",
    async () => {
      await using master = await RedisProcess.start({ config: { save: '""' } })
      await using replica = await RedisProcess.start({
        config: { save: '""', replicaof: `127.0.0.1 ${master.port}` },
      })
      const node = await openEngine(replica.url, deaf)
      expect(await refusalOf(() => node.publish(draft("/a"), keep))).toContain("is a replica")
      await replica.command("REPLICAOF", "NO", "ONE")
      await until(() => node.redis.trouble === null, "the master")
      expect((await node.publish(draft("/a"), keep)).position.offset).toBe(1)
      // And back: the connections stay open, and lead nowhere.
      await replica.command("REPLICAOF", "127.0.0.1", master.port)
      expect(await refusalOf(() => node.publish(draft("/a"), keep))).toContain("engine_unavailable")
      await until(() => node.redis.trouble !== null, "the trouble")
      await node.close()
    },
    deadlineMs,
  )

  test(
    "a full one: publishes are refused, reading goes on, and so does all when there is room",
    async () => {
      await using redis = await RedisProcess.start({ config: { save: '""' } })
      const node = await openEngine(redis.url, deaf)
      await node.publish(draft("/a", "kept"), keep)
      await redis.command("CONFIG", "SET", "maxmemory", "1mb")
      expect(await refusalOf(() => node.publish(draft("/a", "refused"), keep))).toContain(
        "is full (maxmemory)",
      )
      const state = await node.state(a, keep)
      expect(state.newest?.data).toBe("kept")
      const page = await node.history(a, { ...state.tail, offset: 0 }, keep, bounds)
      expect("messages" in page && page.messages.length).toBe(1)
      await redis.command("CONFIG", "SET", "maxmemory", "0")
      expect((await node.publish(draft("/a", "again"), keep)).position.offset).toBe(2)
      await node.close()
    },
    deadlineMs,
  )
})

test("a user with the rights that the guide names can do everything", async () => {
  await using redis = await RedisProcess.start({ config: { save: '""' } })
  const rights = "~laba:* &laba:* -@all +@read +@write +@pubsub +@scripting +info +time +ping"
  await redis.command("ACL", "SETUSER", "laba", "on", ">secret", ...rights.split(" "))
  const heard: string[] = []
  const node = await openEngine(
    `redis://laba:secret@127.0.0.1:${redis.port}`,
    { deliver: ({ data }) => void heard.push(String(data)), lost: () => void heard.push("lost") },
    { prefix: "laba" },
  )
  await node.probe()
  await node.listen(a)
  const { position } = await node.publish(
    draft("/a", "one", { idempotency: { key: "k", digest: "d" } }),
    keep,
  )
  await node.publish(draft("/a", "two"), { ...keep, count: 1 })
  expect((await node.state(a, keep)).kept).toBe(1)
  expect(await node.history(a, { ...position, offset: 1 }, keep, bounds)).toMatchObject({ more: false })
  expect((await node.channelsPage(null, 10)).channels.length).toBe(1)
  await until(() => heard.length === 2 && node.figures.channels === 1, "the messages and the figures")
  expect(heard).toEqual(["one", "two"])
  expect(await node.forget(a)).toBe(1)
  await node.close()
})
