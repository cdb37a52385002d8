// The OpenAPI document is true: every operation is called through it, every status that it names occurs, every answer is
// what its schema says, and nothing is there that it does not name.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { z } from "zod"
import { makeKey } from "../../src/access/keys.ts"
import { routes } from "../../src/api/backend/routes.ts"
import { listenByRawSocket } from "../support/raw-socket.ts"
import { lastSeen, openStage, type Stage } from "./stage.ts"

type Json = { readonly [key: string]: unknown }

interface Operation {
  readonly operationId: string
  readonly parameters?: readonly { name: string; in: "path" | "query"; required: boolean; schema: Json }[]
  readonly requestBody?: { content: Record<string, { schema?: Json }> }
  readonly responses: Record<
    string,
    { $ref?: string; description?: string; content?: Record<string, { schema: Json }> }
  >
}

interface Document {
  readonly openapi: string
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: {
    schemas: Record<string, Json>
    responses: Record<string, Operation["responses"][string]>
  }
}

/** A call as the document would have it: values for its parameters, and a body. */
interface Example {
  readonly status: number
  readonly path?: Record<string, string>
  readonly query?: Record<string, string>
  readonly body?: unknown
  /** Sent with this key; default the one that may do everything. */
  readonly key?: string | null
  readonly headers?: Record<string, string>
  /** The body is no example of the schema, on purpose. */
  readonly wrong?: true
}

const manager = makeKey("manager")
const shop = makeKey("shop")
let stage: Stage
let document: Document
/** The same without credentials, where this machine is let in and there is nothing to revoke or to read again. */
let open: Stage
let config: Json = {}

beforeAll(async () => {
  config = {
    keys: [
      { name: "manager", sha256: manager.sha256, publish: ["/**"], listen: ["/**"], manage: ["/**"] },
      { name: "shop", sha256: shop.sha256, publish: ["/orders/**"] },
    ],
    tokens: { secret: "a secret of more than thirty-two characters" },
    channels: { "/**": { listen: "anyone" }, "/secret": { listen: "key" }, "/rooms/*": { presence: true } },
    // Nobody listens at this port, and nobody is called: only its pattern would be.
    hooks: [{ pattern: "/gateway", name: "gateway", dialect: "tencent", transport: "http://127.0.0.1:9/" }],
    limits: { idempotencyKeysMax: 4, messageBytesMax: 1000, drainSeconds: 0 },
  }
  stage = await openStage({ ...config, source: () => config })
  open = await openStage()
  const response = await stage.call("GET", "/_/api/openapi.json", undefined, bearer(manager.text))
  document = (await response.json()) as Document
})

afterAll(async () => {
  await stage[Symbol.asyncDispose]()
  await open[Symbol.asyncDispose]()
})

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

const operations = (): { path: string; method: string; operation: Operation }[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )

/** Everywhere: no credential, one that may not, one that is none. */
const strangers: Example[] = [
  { status: 401, key: null },
  { status: 401, key: "laba_manager_forged" },
  { status: 403, key: shop.text },
]

const message = { channel: "/orders/1", data: { n: 1 } }

/** An id of a connection that is there, told when it is known. */
const live = { path: { id: "(live)" } }
const polled = { path: { id: "(polled)" } }
const gateway = { path: { api: "gateway" } }
const tencentPush = {
  action: "data send",
  secConnectionID: "node-1-AAAAAAAAAAAAAAAA",
  dataType: "text",
  data: "psst",
}
const gone = { path: { id: "node-1-AAAAAAAAAAAAAAAA" } }

const examples: Record<string, readonly Example[]> = {
  publishMany: [
    { status: 200, body: { messages: [message, { ...message, type: "text/plain", data: "x" }] } },
    { status: 200, key: shop.text, body: { messages: [message] } },
    { status: 400, body: { messages: [] }, wrong: true },
    { status: 413, body: { messages: [{ ...message, data: "x".repeat(2000) }] } },
    { status: 415, body: "x", headers: { "content-type": "text/plain" }, wrong: true },
    { status: 401, key: null, body: { messages: [message] } },
    { status: 403, key: shop.text, body: { messages: [{ channel: "/other", data: 1 }] } },
  ],
  broadcast: [
    { status: 200, body: { channels: ["/a", "/b"], data: 1 } },
    { status: 400, body: { channels: ["a"], data: 1 } },
    { status: 413, body: { channels: ["/a"], data: "x".repeat(2000) } },
    { status: 415, body: "x", headers: { "content-type": "text/plain" }, wrong: true },
    { status: 401, key: null, body: { channels: ["/a"], data: 1 } },
    { status: 403, key: shop.text, body: { channels: ["/orders/1", "/a"], data: 1 } },
  ],
  pushToUser: [
    { status: 201, path: { user: "ann" }, body: { topic: "t", data: 1, key: "one" } },
    { status: 200, path: { user: "ann" }, body: { topic: "t", data: 1, key: "one" } },
    { status: 409, path: { user: "ann" }, body: { topic: "t", data: 2, key: "one" } },
    { status: 201, path: { user: "ann" }, body: { topic: "t", data: 1, key: "two" } },
    { status: 201, path: { user: "ann" }, body: { topic: "t", data: 1, key: "three" } },
    { status: 201, path: { user: "ann" }, body: { topic: "t", data: 1, key: "four" } },
    { status: 429, path: { user: "ann" }, body: { topic: "t", data: 1, key: "five" } },
    { status: 400, path: { user: "ann" }, body: { topic: "a//b", data: 1 } },
    { status: 400, path: { user: "x".repeat(300) }, body: { topic: "t", data: 1 } },
    { status: 413, path: { user: "ann" }, body: { topic: "t", data: "x".repeat(2000) } },
    { status: 415, path: { user: "ann" }, body: "x", headers: { "content-type": "text/plain" }, wrong: true },
    { status: 401, path: { user: "ann" }, key: null, body: { topic: "t", data: 1 } },
    { status: 403, path: { user: "ann" }, key: shop.text, body: { topic: "t", data: 1 } },
  ],
  listConnections: [
    { status: 200 },
    { status: 200, query: { limit: "1", cursor: "s0" } },
    { status: 400, query: { limit: "0" }, wrong: true },
    ...strangers,
  ],
  getConnection: [
    { status: 200, ...live },
    { status: 410, ...gone },
    ...strangers.map((one) => ({ ...one, ...live })),
  ],
  pushToConnection: [
    { status: 204, ...live, body: "psst", headers: { "content-type": "text/plain" } },
    { status: 410, ...gone, body: "psst", headers: { "content-type": "text/plain" } },
    { status: 409, ...polled, body: "psst", headers: { "content-type": "text/plain" } },
    { status: 413, ...live, body: "x".repeat(2000), headers: { "content-type": "text/plain" } },
    { status: 400, ...live, body: "{", headers: { "content-type": "application/json" } },
    { status: 415, ...live, body: "x", headers: { "content-type": "text/plain; charset=latin1" } },
    ...strangers.map((one) => ({ ...one, ...live, body: "x" })),
  ],
  closeConnection: [
    ...strangers.map((one) => ({ ...one, ...live })),
    { status: 400, ...polled, query: { code: "1006" }, wrong: true },
    { status: 400, ...polled, query: { reason: "x".repeat(124) } },
    { status: 204, ...polled },
    { status: 410, ...gone },
  ],
  pushAsTencent: [
    { status: 200, ...gateway, body: { websocket: tencentPush } },
    {
      status: 200,
      ...gateway,
      body: { websocket: { action: "closing", secConnectionID: "node-1-AAAAAAAAAAAAAAAA" } },
    },
    { status: 404, path: { api: "nothing" }, body: { websocket: tencentPush } },
    { status: 400, ...gateway, body: { websocket: { action: "shout" } }, wrong: true },
    { status: 413, ...gateway, body: "x".repeat(5 * 1024 * 1024), wrong: true },
    { status: 415, ...gateway, body: "x", headers: { "content-type": "text/plain" }, wrong: true },
    ...strangers.map((one) => ({ ...one, ...gateway, body: { websocket: tencentPush } })),
  ],
  listHooks: [{ status: 200 }, ...strangers],
  listChannels: [
    { status: 200 },
    { status: 200, query: { limit: "1" } },
    { status: 400, query: { cursor: "nonsense" } },
    ...strangers,
  ],
  channelHistory: [
    { status: 200, query: { channel: "/orders/1" } },
    { status: 200, query: { channel: "/orders/1", after: "old-1", limit: "1" } },
    { status: 400, query: { channel: "orders" } },
    { status: 401, key: null, query: { channel: "/orders/1" } },
    { status: 401, key: "laba_manager_forged", query: { channel: "/orders/1" } },
    { status: 403, key: shop.text, query: { channel: "/secret" } },
  ],
  channelPresence: [
    { status: 200, query: { channel: "/rooms/1" } },
    { status: 400, query: { channel: "rooms" } },
    { status: 404, query: { channel: "/orders/1" } },
    { status: 401, key: null, query: { channel: "/rooms/1" } },
    { status: 401, key: "laba_manager_forged", query: { channel: "/rooms/1" } },
    { status: 403, key: shop.text, query: { channel: "/rooms/1" } },
  ],
  listUsers: [{ status: 200 }, { status: 400, query: { limit: "x" }, wrong: true }, ...strangers],
  getUser: [
    { status: 200, path: { user: "ann" } },
    { status: 400, path: { user: "ann" }, query: { cursor: "?" } },
    ...strangers.map((one) => ({ ...one, path: { user: "ann" } })),
  ],
  listNodes: [{ status: 200 }, ...strangers],
  disconnectUser: [
    { status: 200, path: { user: "nobody" } },
    ...strangers.map((one) => ({ ...one, path: { user: "ann" } })),
  ],
  revoke: [
    { status: 204, body: { token: "jti", expires: 4_000_000_000 } },
    { status: 204, body: { user: "nobody" } },
    { status: 400, body: { token: "jti" }, wrong: true },
    { status: 415, body: "x", headers: { "content-type": "text/plain" }, wrong: true },
    ...strangers.map((one) => ({ ...one, body: { user: "ann" } })),
  ],
  reloadConfig: [
    { status: 200, query: { dry: "true" } },
    { status: 200 },
    { status: 400, query: { dry: "perhaps" }, wrong: true },
    ...strangers,
  ],
  openApi: [{ status: 200 }, { status: 401, key: null }],
}

/** Statuses that need another server or another configuration; each has a test of its own below. */
const elsewhere: Record<string, readonly number[]> = {
  publishMany: [429],
  broadcast: [429],
  revoke: [404, 413],
  reloadConfig: [404, 422],
  // Any key may read the document.
  openApi: [403],
}

const withRefs = (schema: Json): z.ZodType => {
  const text = JSON.stringify(schema).replaceAll("#/components/schemas/", "#/$defs/")
  return z.fromJSONSchema({ ...(JSON.parse(text) as Json), $defs: document.components.schemas } as never)
}

async function callExample(
  { path, method, operation }: ReturnType<typeof operations>[number],
  example: Example,
): Promise<Response> {
  for (const parameter of operation.parameters ?? []) {
    const given = parameter.in === "path" ? example.path?.[parameter.name] : example.query?.[parameter.name]
    if (parameter.required && !example.wrong)
      expect([operation.operationId, parameter.name, given]).not.toContain(undefined)
  }
  const schema = operation.requestBody?.content["application/json"]?.schema
  if (schema && !example.wrong) expect(withRefs(schema).safeParse(example.body).error).toBeUndefined()
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(example.path?.[name] ?? ""),
  )
  const query = new URLSearchParams(example.query).toString()
  const key = example.key === undefined ? manager.text : example.key
  return stage.call(method, filled + (query === "" ? "" : `?${query}`), example.body, {
    ...example.headers,
    ...(key !== null && bearer(key)),
  })
}

/** The answer is one that the document names, with a body that its schema takes. */
async function checkAnswer(operation: Operation, response: Response): Promise<void> {
  const named = operation.responses[String(response.status)]
  if (!named)
    throw new Error(`${operation.operationId} answered ${response.status}: ${await response.text()}`)
  const reference = named.$ref?.slice("#/components/responses/".length)
  const described = reference === undefined ? named : document.components.responses[reference]
  const text = await response.text()
  const type = response.headers.get("content-type")?.split(";")[0]
  const content = described?.content?.[type ?? ""]
  if (!content)
    return expect([operation.operationId, response.status, text]).toEqual([
      operation.operationId,
      response.status,
      "",
    ])
  const parsed = withRefs(content.schema).safeParse(JSON.parse(text))
  expect([operation.operationId, response.status, parsed.error?.issues, text]).toEqual([
    operation.operationId,
    response.status,
    undefined,
    text,
  ])
  if (type !== "application/problem+json") return
  const { code } = JSON.parse(text) as { code: string }
  expect(reference ?? described?.description).toContain(code)
}

describe("the OpenAPI document", () => {
  test("is one, and has every route of the API and no other", () => {
    expect(document.openapi).toBe("3.1.0")
    const described = operations().map(({ path, method }) => `${method} ${path}`)
    expect(described.toSorted()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).toSorted())
    expect(
      operations()
        .map(({ operation }) => operation.operationId)
        .toSorted(),
    ).toEqual(Object.keys(examples).toSorted())
  })

  test("tells of every operation what happens: all calls answer as described, and all described statuses occur", async () => {
    await using _listener = await listenByRawSocket(`${stage.base}/c`)
    const liveId = lastSeen.connection
    for (const described of operations()) {
      const { operation } = described
      const occurred = new Set<number>(elsewhere[operation.operationId] ?? [])
      for (const example of examples[operation.operationId] ?? []) {
        const wantsPoll = example.path?.["id"] === polled.path.id
        const poll = wantsPoll ? fetch(`${stage.base}/c?wait=25`, { headers: bearer(manager.text) }) : null
        if (wantsPoll)
          while (stage.laba.counters.published >= 0 && lastSeen.connection === liveId) await Bun.sleep(2)
        const id = wantsPoll
          ? lastSeen.connection
          : example.path?.["id"] === live.path.id
            ? liveId
            : undefined
        const response = await callExample(
          described,
          id === undefined ? example : { ...example, path: { id } },
        )
        expect([operation.operationId, example, response.status]).toEqual([
          operation.operationId,
          example,
          example.status,
        ])
        occurred.add(response.status)
        await checkAnswer(operation, response)
        if (poll) await endPoll(lastSeen.connection, poll)
        lastSeen.connection = liveId
      }
      const statuses = Object.keys(operation.responses)
        .filter((status) => status !== "default")
        .map(Number)
      expect([operation.operationId, statuses.toSorted()]).toEqual([
        operation.operationId,
        [...occurred].toSorted(),
      ])
    }
  })

  test("tells the truth of servers that have nothing to revoke and nothing to read again", async () => {
    const find = (id: string) =>
      operations().find(({ operation }) => operation.operationId === id)?.operation as Operation
    const revoked = await open.call("POST", "/_/api/revoke", { user: "ann" })
    expect(revoked.status).toBe(404)
    await checkAnswer(find("revoke"), revoked)
    const reloaded = await open.call("POST", "/_/api/config/reload")
    expect(reloaded.status).toBe(404)
    await checkAnswer(find("reloadConfig"), reloaded)
    const foreign = await open.call("GET", "/_/api/openapi.json", undefined, {
      origin: "https://elsewhere.example",
    })
    expect(foreign.status).toBe(403)
    await checkAnswer(find("openApi"), foreign)
    const before = config
    config = { ...config, nonsense: true }
    const refused = await stage.call("POST", "/_/api/config/reload", undefined, bearer(manager.text))
    config = before
    expect(refused.status).toBe(422)
    await checkAnswer(find("reloadConfig"), refused)
  })

  test("tells the truth of keys that may publish only so much, and of bodies beyond all bounds", async () => {
    await using slow = await openStage({ ...config, limits: { publishesPerKeyPerSecond: 1 } })
    const find = (id: string) =>
      operations().find(({ operation }) => operation.operationId === id)?.operation as Operation
    const three = { messages: [message, message, message] }
    const many = await slow.call("POST", "/_/api/publish", three, bearer(manager.text))
    expect([many.status, Number(many.headers.get("retry-after"))]).toEqual([429, 1])
    await checkAnswer(find("publishMany"), many)
    expect((await fetch(`${slow.base}/orders/1`)).status).toBe(204)
    const channels = { channels: ["/a", "/b", "/c"], data: 1 }
    const broadcast = await slow.call("POST", "/_/api/broadcast", channels, bearer(manager.text))
    expect(broadcast.status).toBe(429)
    await checkAnswer(find("broadcast"), broadcast)
    const large = await stage.call(
      "POST",
      "/_/api/revoke",
      `"${"x".repeat(5_000_000)}"`,
      bearer(manager.text),
    )
    expect(large.status).toBe(413)
    await checkAnswer(find("revoke"), large)
  })

  test("answers nothing under its prefix that it does not name", async () => {
    for (const path of ["/_/api", "/_/api/", "/_/api/nonsense", "/_/api/users/", "/_/api/connections/a/b"]) {
      expect([path, (await open.refusal("GET", path)).code]).toEqual([path, "not_found"])
    }
    expect((await open.refusal("PUT", "/_/api/publish")).code).toBe("method_not_allowed")
    expect((await open.call("OPTIONS", "/_/api/connections/x")).headers.get("allow")).toBe(
      "GET, POST, DELETE, OPTIONS",
    )
  })
})

async function endPoll(id: string, poll: Promise<Response>): Promise<void> {
  await stage.call("DELETE", `/_/api/connections/${id}`, undefined, bearer(manager.text))
  await (await poll).text()
}
