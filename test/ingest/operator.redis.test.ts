// An ingest in the hands of its operator, on one node in this process, from a Redis stream: dead letters are replayed when the
// configuration is mended, the stream is read anew, connections are pushed to, and what happens is in the log once.
import { expect, test } from "bun:test"
import type { IngestInput } from "../../src/config/input/ingest-input.ts"
import type { ConfigInput } from "../../src/server/index.ts"
import { eventually } from "../support/eventually.ts"
import { connectByLaba, listenByLaba } from "../support/laba-socket.ts"
import { RedisProcess } from "../support/redis-servers.ts"
import { startServer } from "../support/server.ts"

interface Page {
  readonly messages: readonly { readonly data: unknown }[]
}

async function stage(ingest: Partial<IngestInput>) {
  const redis = await RedisProcess.start()
  const lines: string[] = []
  const configOf = (changes: Partial<IngestInput>): ConfigInput => ({
    ingest: { orders: { redisStream: { url: redis.url, stream: "orders" }, ...changes } },
    log: { level: "info", format: "json" },
  })
  let config = configOf(ingest)
  const server = await startServer({
    ...config,
    logTo: (line) => void lines.push(line),
    source: () => config,
  })
  const api = async <T>(path: string, method = "GET"): Promise<T> => {
    const response = await fetch(`${server.base}/_/api/${path}`, { method })
    const text = await response.text()
    return { status: response.status, ...(text === "" ? {} : (JSON.parse(text) as object)) } as T
  }
  return {
    ...{ server, redis, api },
    add: (body: string) => redis.command("XADD", "orders", "*", "data", body),
    async published(channel: string): Promise<readonly unknown[]> {
      const query = new URLSearchParams({ channel })
      return (await api<Page>(`channels/history?${query}`)).messages.map(({ data }) => data)
    },
    async reload(changes: Partial<IngestInput>) {
      config = configOf(changes)
      await server.laba.reload()
    },
    logged: (event: string) =>
      lines
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter((line) => line["event"] === event),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await redis[Symbol.asyncDispose]()
    },
  }
}

test("[I6, I10] replays what was set aside once the template is mended, each once", async () => {
  await using t = await stage({ to: "/orders/{json.user}" })
  for (let n = 0; n < 3; n++) await t.add(`{"id":${n}}`)
  await t.add('{"id":3,"user":"ann"}')
  await eventually(async () => expect(await t.published("/orders/ann")).toHaveLength(1))
  const dead = "/ingest/orders/dead"
  expect(await t.published(dead)).toMatchObject([0, 1, 2].map((id) => ({ body: `{"id":${id}}` })))
  expect(await t.api("ingest/orders/replay", "POST")).toMatchObject({
    ...{ status: 200, published: 0, already: 0 },
    failed: Array.from({ length: 3 }, () => ({ reason: "The message has no {json.user}." })),
  })
  await t.reload({ to: "/orders/{json.id}" })
  expect(await t.api("ingest/orders/replay", "POST")).toMatchObject({ published: 3, already: 0, failed: [] })
  expect(await t.api("ingest/orders/replay", "POST")).toMatchObject({ published: 0, already: 3, failed: [] })
  for (let n = 0; n < 3; n++) expect(await t.published(`/orders/${n}`)).toEqual([{ id: n }])
  expect(t.logged("ingest_set_aside")).toMatchObject([{ ingest: "orders", count: 1 }])
}, 60_000)

test("[I10] reads the stream anew from its start, and publishes all of it again", async () => {
  await using t = await stage({ to: "/orders" })
  for (let n = 0; n < 3; n++) await t.add(`{"n":${n}}`)
  await eventually(async () => expect(await t.published("/orders")).toHaveLength(3))
  expect(await t.api("ingest/orders/replay?from=start", "POST")).toMatchObject({ status: 200 })
  await eventually(async () => expect(await t.published("/orders")).toHaveLength(6))
  await t.add('{"n":3}')
  await eventually(async () =>
    expect(await t.published("/orders")).toEqual([0, 1, 2, 0, 1, 2, 3].map((n) => ({ n }))),
  )
}, 60_000)

test("[I10] says why it cannot begin anew at a place", async () => {
  await using t = await stage({ to: "/orders", when: { "json.n": 1 } })
  await eventually(async () =>
    expect(await t.api("ingest")).toMatchObject({ ingest: [{ state: "running" }] }),
  )
  await t.add("no JSON")
  const dead = "/ingest/orders/dead"
  await eventually(async () => expect(await t.published(dead)).toHaveLength(1))
  const [letter] = (await t.published(dead)) as { partition: string; position: string }[]
  const { partition = "", position = "" } = letter ?? {}
  const replay = (from: Record<string, string>) =>
    t.api(`ingest/orders/replay?${new URLSearchParams(from).toString()}`, "POST")
  expect(await replay({ partition, position: "third" })).toMatchObject({
    ...{ status: 400, code: "bad_request" },
    detail: "orders cannot go there. third is no position of a Redis stream.",
  })
  // What is known of the right one would hold back what is read again.
  expect(await replay({ partition: "orders", position })).toMatchObject({
    ...{ status: 400, code: "bad_request" },
    detail: `orders cannot go there. It reads the partition ${partition}, not orders.`,
  })
  expect(await replay({ partition, position })).toMatchObject({ status: 200 })
}, 60_000)

test("[I10] leaves paused what its operator has paused, and changes nothing where nobody can go there", async () => {
  await using t = await stage({ to: "/orders" })
  const stateIs = (state: string) =>
    eventually(async () => expect(await t.api("ingest")).toMatchObject({ ingest: [{ state }] }))
  await t.add("1")
  await eventually(async () => expect(await t.published("/orders")).toHaveLength(1))
  await t.api("ingest/orders/pause", "POST")
  expect(await t.api("ingest/orders/replay?partition=x&position=1", "POST")).toMatchObject({ status: 400 })
  await stateIs("paused")
  expect(await t.api("ingest/orders/replay?from=start", "POST")).toMatchObject({ status: 200 })
  await stateIs("paused")
  await t.add("2")
  expect(await t.published("/orders")).toEqual([1])
  await t.api("ingest/orders/resume", "POST")
  await eventually(async () => expect(await t.published("/orders")).toEqual([1, 1, 2]))
}, 60_000)

test("tells a listener, and a connection by its id, and passes over one that has gone", async () => {
  await using t = await stage({ to: "/orders/{json.id}" })
  await using listener = await listenByLaba(t.server.base, "/orders/7")
  await t.add('{"id":7}')
  expect((await listener.frame("message")).data).toEqual({ id: 7 })
  await using connected = await connectByLaba(`${t.server.base}/_/ws`)
  const { connection } = await connected.frame("hello")
  await t.reload({ connection: "{json.connection}", data: "{json.says}" })
  await t.add('{"connection":"gone-AAAA","says":0}')
  await t.add(JSON.stringify({ connection, says: { total: 1 } }))
  expect((await connected.frame("direct")).data).toEqual({ total: 1 })
  await eventually(async () => {
    const { ingest } = await t.api<{ ingest: readonly object[] }>("ingest")
    expect(ingest).toMatchObject([{ state: "running", passedOver: 1, deadLetters: 0 }])
  })
}, 60_000)

test("[I8] is ready without its source unless it must not be, and says once that it is away", async () => {
  await using t = await stage({ to: "/orders/{json.id}" })
  await eventually(() => expect(t.logged("ingest_running")).toHaveLength(1))
  await t.redis.kill()
  await eventually(() => expect(t.logged("ingest_away").length).toBeGreaterThan(0))
  expect((await fetch(`${t.server.base}/_/ready`)).status).toBe(200)
  await t.reload({ to: "/orders/{json.id}", ready: true })
  await eventually(async () => {
    const response = await fetch(`${t.server.base}/_/ready`)
    expect([response.status, await response.json()]).toEqual([
      503,
      { ready: false, reasons: ["source_away"] },
    ])
  })
  await t.redis.restart()
  await eventually(async () => expect((await fetch(`${t.server.base}/_/ready`)).status).toBe(200))
  expect(t.logged("ingest_away").length).toBeLessThan(10)
}, 90_000)
