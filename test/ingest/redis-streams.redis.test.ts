// A Redis stream as a source, at real servers: what others left behind, what was trimmed, readers that follow each other,
// streams that are removed, servers that are killed.
import { expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { redisStream } from "../../src/ingest/redis-streams/redis-streams.ts"
import type { Source } from "../../src/ingest/source.ts"
import { freePort } from "../support/brokers/broker-process.ts"
import { makeCertificate } from "../support/brokers/certificate.ts"
import { eventually } from "../support/eventually.ts"
import { RedisCluster, RedisProcess, SentinelTrio } from "../support/redis-servers.ts"
import { Received } from "./received.ts"

const inFlight = { messages: 100, bytes: 1 << 20 }

type Settings = Record<string, unknown>

async function open(url: string, more: Settings = {}, received = new Received(), clientId = "laba-a") {
  const settings = redisStream.schema.parse({ url, stream: "orders", ...more })
  const source: Source = await redisStream.open(settings, received, {
    name: "orders",
    node: null,
    clientId,
    inFlight,
  })
  received.source = source
  return { received, source, [Symbol.asyncDispose]: () => source.close() }
}

const add = (redis: RedisProcess, ...fields: readonly (string | number)[]) =>
  redis.command("XADD", "orders", "*", ...fields)

const addMany = async (redis: RedisProcess, from: number, count: number) => {
  for (let i = from; i < from + count; i++) await add(redis, "data", `m${i}`)
}

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `m${i}`)

test("hands over entries in order, from a stream that is not there yet, and acknowledges what is settled", async () => {
  await using redis = await RedisProcess.start()
  await using stage = await open(redis.url)
  const { received, source } = stage
  await received.says(/running/)
  await addMany(redis, 0, 250)
  await received.has(250)
  expect(received.bodies).toEqual(numbered(250))
  const positions = received.messages.map(({ position }) => position ?? "")
  expect(positions).toEqual([...positions].sort())
  expect(positions[0]).toMatch(/^\d{20}-\d{20}$/)
  expect(new Set(received.messages.map(({ partition }) => partition)).size).toBe(1)
  await source.close()
  expect(((await redis.command("XPENDING", "orders", "laba")) as number[])[0]).toBe(0)
}, 60_000)

test("makes a message of an entry: body, key, content type, headers; or all its fields as one object", async () => {
  await using redis = await RedisProcess.start()
  await add(redis, "data", '{"n":1}', "key", "k", "content-type", "application/json", "trace", "t")
  await add(redis, "user", "ann", "won", "yes")
  await add(redis, "user", "ann", "user", "bob")
  await redis.command("XADD", "orders", "*", ...([Buffer.from("raw"), Buffer.from([0xff])] as never[]))
  await using stage = await open(redis.url)
  const { received } = stage
  await received.has(4)
  const [first, second, third, fourth] = received.messages
  expect(first).toMatchObject({ topic: "orders", contentType: "application/json" })
  expect(new TextDecoder().decode(first?.key ?? undefined)).toBe("k")
  expect([...(first?.headers.keys() ?? [])]).toEqual(["key", "content-type", "trace"])
  // All of its fields are in memory, those nobody asks for, too.
  expect(first?.bytes).toBeGreaterThan('data{"n":1}keykcontent-typeapplication/jsontracet'.length)
  expect(second?.bytes).toBeGreaterThan('useranwonyes{"user":"ann","won":"yes"}'.length)
  expect(first?.fields["stream"]).toBe("orders")
  expect(first?.fields["id"]).toMatch(/^\d+-\d+$/)
  expect(Math.abs((first?.time ?? 0) - Date.now())).toBeLessThan(600_000)
  expect(second).toMatchObject({ contentType: "application/json" })
  expect(received.bodies.slice(0, 2)).toEqual(['{"n":1}', '{"user":"ann","won":"yes"}'])
  expect(third?.broken).toContain("user is there twice")
  expect(fourth?.broken).toContain("raw is not UTF-8")
}, 60_000)

test("takes over what consumers that died had not acknowledged, oldest first, before what is new", async () => {
  await using redis = await RedisProcess.start()
  await addMany(redis, 0, 150)
  await redis.command("XGROUP", "CREATE", "orders", "laba", "0")
  await redis.command("XREADGROUP", "GROUP", "laba", "dead-1", "COUNT", 50, "STREAMS", "orders", ">")
  await redis.command("XREADGROUP", "GROUP", "laba", "dead-2", "COUNT", 70, "STREAMS", "orders", ">")
  const { received, source } = await open(redis.url)
  received.settles = false
  await received.has(150)
  expect(received.bodies).toEqual(numbered(150))
  await source.close()
  // Nothing was settled: whoever comes next gets it all again, in order.
  await using next = await open(redis.url, {}, new Received(), "laba-b")
  await next.received.has(150)
  expect(next.received.bodies).toEqual(numbered(150))
  expect(next.received.messages[0]?.partition).toBe(received.messages[0]?.partition as string)
}, 60_000)

test("gives nothing more to a reader that was followed by another, and tells it so", async () => {
  await using redis = await RedisProcess.start()
  await addMany(redis, 0, 10)
  await using first = await open(redis.url)
  await first.received.has(10)
  const other = new Received()
  await using _ = await open(redis.url, {}, other, "laba-b")
  await other.says(/running/)
  await addMany(redis, 10, 10)
  await first.received.says(/another reader has taken over the group laba/)
  expect(first.received.events).toContain("release")
  // Each entry went to one of them, by turns.
  await Bun.sleep(500)
  const all = [...first.received.bodies, ...other.bodies]
  expect(new Set(all)).toEqual(new Set(numbered(20)))
}, 60_000)

test("[I8] two that take the group from each other do it ever more seldom", async () => {
  await using redis = await RedisProcess.start()
  await using first = await open(redis.url)
  await first.received.says(/running/)
  await using _ = await open(redis.url, {}, new Received(), "laba-b")
  const lost = () => first.received.events.filter((event) => event.includes("another reader")).length
  await eventually(() => expect(lost()).toBe(1))
  const since = performance.now()
  await eventually(() => expect(lost()).toBeGreaterThanOrEqual(6))
  // Half of 250 ms, then twice that, five times.
  expect(performance.now() - since).toBeGreaterThan(3800)
}, 60_000)

test("says how many entries were trimmed before they were read, and which before they were acknowledged", async () => {
  await using redis = await RedisProcess.start()
  const { received, source } = await open(redis.url)
  await addMany(redis, 0, 5)
  await received.has(5)
  source.pause()
  await Bun.sleep(600)
  await addMany(redis, 5, 10)
  await redis.command("XTRIM", "orders", "MAXLEN", 3)
  received.settles = false
  source.resume()
  await received.has(9)
  const [loss, next] = received.messages.slice(5)
  expect(loss?.broken).toContain("lost 7 entries here")
  expect((loss?.position ?? "") < (next?.position ?? "")).toBe(true)
  expect(received.bodies.slice(5)).toEqual([null, "m12", "m13", "m14"])
  await source.close()
  await redis.command("XTRIM", "orders", "MAXLEN", 1)
  await using again = await open(redis.url, {}, new Received(), "laba-b")
  await again.received.has(3)
  expect(again.received.messages.map(({ broken }) => broken?.includes("published or not") ?? false)).toEqual([
    true,
    true,
    false,
  ])
  await Bun.sleep(600)
  expect(again.received.messages).toHaveLength(3)
}, 60_000)

test("does not take for lost what was removed after it was read", async () => {
  await using redis = await RedisProcess.start()
  await using stage = await open(redis.url)
  await addMany(redis, 0, 20)
  await stage.received.has(20)
  await redis.command("XTRIM", "orders", "MAXLEN", 0)
  await addMany(redis, 20, 5)
  await redis.command("XTRIM", "orders", "MAXLEN", 5)
  await stage.received.has(25)
  await Bun.sleep(300)
  expect(stage.received.bodies).toEqual(numbered(25))
}, 60_000)

test("reads a stream that was made anew from its beginning, under another name of its partition", async () => {
  await using redis = await RedisProcess.start()
  await using stage = await open(redis.url)
  const { received } = stage
  await redis.command("XADD", "orders", "500-0", "data", "old")
  await received.has(1)
  await redis.command("DEL", "orders")
  await redis.command("XADD", "orders", "1-0", "data", "new")
  await received.has(2)
  expect(received.bodies).toEqual(["old", "new"])
  expect(received.messages[0]?.partition).not.toBe(received.messages[1]?.partition as string)
  expect(received.events.some((event) => event.includes("was removed"))).toBe(true)
}, 60_000)

test("goes on where it was when somebody has removed the group", async () => {
  await using redis = await RedisProcess.start()
  await using stage = await open(redis.url)
  await addMany(redis, 0, 5)
  await stage.received.has(5)
  await redis.command("XGROUP", "DESTROY", "orders", "laba")
  await addMany(redis, 5, 5)
  await stage.received.has(10)
  expect(stage.received.bodies).toEqual(numbered(10))
}, 60_000)

test("tells what is wrong, and reads as soon as it is right", async () => {
  await using redis = await RedisProcess.start()
  await redis.command("SET", "orders", "no stream")
  await using stage = await open(redis.url)
  await stage.received.says(/WRONGTYPE/)
  await redis.command("DEL", "orders")
  await using other = await open(redis.url, { create: false, stream: "later" })
  await other.received.says(/has no stream later/)
  await redis.command("XADD", "later", "*", "data", "m0")
  await add(redis, "data", "m0")
  await stage.received.has(1)
  await other.received.has(1)
}, 60_000)

test("tells of a wrong password without showing it", async () => {
  await using redis = await RedisProcess.start({ config: { requirepass: "right" } })
  await using stage = await open(redis.url.replace("//", "//:wrong-secret@"))
  await stage.received.says(/refuses this user or password/)
  expect(stage.received.events.join()).not.toContain("secret")
}, 60_000)

test("speaks TLS, and tells of a certificate that nobody vouches for", async () => {
  const folder = mkdtempSync(join(tmpdir(), "laba-redis-tls-"))
  const { certificateFile, keyFile } = makeCertificate(folder)
  const port = await freePort()
  await using redis = await RedisProcess.start({
    config: {
      "tls-port": String(port),
      "tls-cert-file": certificateFile,
      "tls-key-file": keyFile,
      "tls-ca-cert-file": certificateFile,
      "tls-auth-clients": "no",
    },
  })
  const url = `rediss://127.0.0.1:${port}`
  await using good = await open(url, { tls: { ca: certificateFile } })
  await add(redis, "data", "m0")
  await good.received.has(1)
  await using unknown = await open(url)
  await unknown.received.says(/certificate/i)
  await expect(open(url, { tls: { ca: "/nowhere.pem" } })).rejects.toThrow("/nowhere.pem cannot be read")
  rmSync(folder, { recursive: true })
}, 60_000)

test("goes to its start, to a time and to a position, also while it is paused", async () => {
  await using redis = await RedisProcess.start()
  await addMany(redis, 0, 3)
  await Bun.sleep(20)
  const time = Date.now()
  await Bun.sleep(20)
  await addMany(redis, 3, 3)
  await using stage = await open(redis.url)
  const { received, source } = stage
  await received.has(6)
  await source.seek?.("start")
  await received.has(12)
  source.pause()
  await source.seek?.({ time })
  source.resume()
  await received.has(15)
  const { partition, position } = received.messages[5] as { partition: string; position: string }
  await source.seek?.({ partition, position })
  await received.has(16)
  expect(received.bodies).toEqual([...numbered(6), ...numbered(6), "m3", "m4", "m5", "m5"])
}, 60_000)

test("begins at what is new where it is told to", async () => {
  await using redis = await RedisProcess.start()
  await addMany(redis, 0, 3)
  await using stage = await open(redis.url, { from: "new" })
  await stage.received.says(/running/)
  await addMany(redis, 3, 3)
  await stage.received.has(3)
  expect(stage.received.bodies).toEqual(["m3", "m4", "m5"])
}, 60_000)

test("puts an entry with its fields and the reason into the stream for dead letters", async () => {
  await using redis = await RedisProcess.start()
  await using stage = await open(redis.url, { deadLetterStream: "dead" })
  await add(redis, "data", "bad", "trace", "t")
  await stage.received.has(1)
  const [message] = stage.received.messages
  await stage.source.setAside?.(message as never, "No value.")
  const [[, fields]] = (await redis.command("XRANGE", "dead", "-", "+")) as [[string, string[]]]
  expect(fields).toEqual([
    ...["laba-reason", "No value.", "laba-stream", "orders", "laba-id", message?.fields["id"] as string],
    ...["data", "bad", "trace", "t"],
  ])
  await using other = await open(redis.url, {}, new Received(), "laba-b")
  expect(other.source.setAside).toBeUndefined()
}, 60_000)

test("reads on after its server was killed, without losing what was acknowledged to the writer", async () => {
  await using redis = await RedisProcess.start({ config: { appendonly: "yes", appendfsync: "always" } })
  await using stage = await open(redis.url)
  const { received } = stage
  await addMany(redis, 0, 300)
  await redis.restart()
  await addMany(redis, 300, 300)
  await received.says(/cannot be reached/)
  // The same entry may come twice; the engine knows it by its position.
  const once = () => new Map(received.messages.map(({ position }, i) => [position, received.bodies[i]]))
  await eventually(() => expect(once().size).toBe(600))
  expect([...once().values()]).toEqual(numbered(600))
}, 60_000)

test("holds no more than it may, in bytes too, and waits while nothing more is taken", async () => {
  await using redis = await RedisProcess.start()
  const large = "x".repeat(100_000)
  for (let i = 0; i < 100; i++) await add(redis, "data", large)
  const received = new Received()
  received.hold()
  await using stage = await open(redis.url, {}, received)
  await received.has(1)
  await Bun.sleep(500)
  // 1 MiB is reached with 11, and they are read 1, 2, 4, 8 at a time.
  expect(received.messages.length).toBeLessThanOrEqual(15)
  expect(await stage.source.lag()).toBeGreaterThan(0)
  received.go()
  await received.has(100)
}, 60_000)

test("reads in a Cluster, from whichever node holds the stream", async () => {
  await using cluster = await RedisCluster.start()
  const url = `redis-cluster://${cluster.masters.map(({ port }) => `127.0.0.1:${port}`).join(",")}`
  await using one = await open(url, { stream: "a" })
  await using two = await open(url, { stream: "x{b}y", deadLetterStream: "dead" })
  const send = async (stream: string) => {
    for (const master of cluster.masters)
      await master.command("XADD", stream, "*", "data", stream).catch((error: unknown) => error)
  }
  await one.received.says(/running/)
  await two.received.says(/running/)
  await send("a")
  await send("x{b}y")
  await one.received.has(1)
  await two.received.has(1)
  await two.source.setAside?.(two.received.messages[0] as never, "No.")
  expect(two.received.bodies).toEqual(["x{b}y"])
}, 120_000)

test("follows the master that Sentinels name", async () => {
  await using trio = await SentinelTrio.start()
  await using stage = await open(trio.url)
  await addMany(await trio.master(), 0, 5)
  await stage.received.has(5)
  await trio.isWell()
  const master = await trio.failOver()
  await addMany(master, 5, 5)
  await stage.received.has(10)
  expect(new Set(stage.received.bodies)).toEqual(new Set(numbered(10)))
}, 120_000)
