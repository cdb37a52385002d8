// The OpenAPI document is true: every operation is called through it, every status that it names occurs, every answer is
// what its schema says, and nothing is there that it does not name.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { z } from "zod"
import { routes } from "../../src/http/backend/routes.ts"
import { listenByRawSocket } from "../support/raw-socket.ts"
import {
  elsewhere,
  type Example,
  examples,
  live,
  manager,
  message,
  polled,
  shop,
} from "./openapi-examples.ts"
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
    // No broker listens there either.
    ingest: {
      orders: { redisStream: { url: "redis://127.0.0.1:9", stream: "orders" }, to: "/orders/{key}" },
    },
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
