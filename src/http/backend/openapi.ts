// GET /_/api/openapi.json: the API described by OpenAPI 3.1. It is made of the routes themselves; that they do what it
// says is held by a test that calls every operation through it.
import { z } from "zod"
import { version } from "../../../package.json" with { type: "json" }
import { type Code, codes, entryOf } from "../../../wire/codes.ts"
import type { QueryParameter, Route } from "./backend.ts"
import { problem } from "./requests/shapes.ts"

type Json = Readonly<Record<string, unknown>>

/** What every route may answer beside its own errors. */
const everywhere: readonly Code[] = ["unauthorized", "forbidden", "foreign_origin"]

/** The route that answers the document. It describes itself too. */
export function openApi(others: readonly Route[]): Route {
  let text: string | null = null
  const route: Route = {
    method: "GET",
    path: "/_/api/openapi.json",
    operationId: "openApi",
    summary: "This document",
    answers: { 200: { description: "OpenAPI 3.1.", schema: z.looseObject({ openapi: z.literal("3.1.0") }) } },
    errors: [],
    handle() {
      text ??= JSON.stringify(describe([...others, route]))
      return new Response(text, { headers: { "Content-Type": "application/json; charset=utf-8" } })
    },
  }
  return route
}

/** The whole document. */
function describe(routes: readonly Route[]): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const route of routes) {
    paths[route.path] ??= {}
    ;(paths[route.path] as Record<string, Json>)[route.method.toLowerCase()] = operationOf(route)
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Laba, for backends",
      version,
      description:
        "Publish in bulk, push to users and connections, see who is there. With keys configured each call shows one; without, only programs on this machine may call, and on a server that is open to everybody who shows the key of its run.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ key: [] }],
    paths,
    components: {
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "A key, as `laba key new` printed it." },
      },
      schemas: { Problem: schemaOf(problem) },
      responses: Object.fromEntries(Object.keys(codes).map((code) => [code, problemAnswer([code as Code])])),
    },
  }
}

function operationOf(route: Route): Json {
  const { operationId, summary, description, query = {}, body, answers, errors } = route
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string)
  const parameters = [
    ...names.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } })),
    ...Object.entries(query).map(([name, parameter]) => queryParameter(name, parameter)),
  ]
  return {
    operationId,
    summary,
    ...(description !== undefined && { description }),
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: { required: true, content: contentOf(body) } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [
          status,
          {
            description: answer.description,
            ...(answer.schema && { content: { "application/json": { schema: schemaOf(answer.schema) } } }),
          },
        ]),
      ),
      ...errorAnswers([...errors, ...everywhere]),
      default: { description: "Any other error.", content: problemContent },
    },
  }
}

const queryParameter = (name: string, { description, required = false, schema }: QueryParameter): Json => ({
  name,
  in: "query",
  required,
  description,
  schema: schemaOf(schema),
})

function contentOf(body: z.ZodType | "message"): Json {
  if (body !== "message") return { "application/json": { schema: schemaOf(body) } }
  const form = { type: "object", properties: { data: { type: "string" } }, required: ["data"] }
  return { "*/*": {}, "application/x-www-form-urlencoded": { schema: form } }
}

/** Errors of one status are one answer, that names its codes. */
function errorAnswers(errors: readonly Code[]): Json {
  const byStatus = Map.groupBy(new Set(errors), (code) => entryOf(code).status)
  return Object.fromEntries(
    [...byStatus].map(([status, same]) => {
      const [only] = same
      return [status, same.length === 1 ? { $ref: `#/components/responses/${only}` } : problemAnswer(same)]
    }),
  )
}

const problemContent = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } }

const problemAnswer = (same: readonly Code[]): Json => ({
  description: same.map((code) => `\`${code}\`: ${entryOf(code).title}`).join(" "),
  content: problemContent,
})

function schemaOf(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "input" })
  return rest
}
