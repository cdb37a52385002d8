// The OpenAPI 3.1 description, from the table of routes and the shapes of what they take and answer.
import { z } from "zod"
import { apiSchemas } from "../model/wire/api.ts"
import { type Route, routes } from "./routes.ts"

type Schema = Readonly<Record<string, unknown>>

const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })

/** Shapes by their names. Where one holds another that has a name it refers to it. */
export const schemas: Readonly<Record<string, Schema>> = describeAll()

function describeAll(): Record<string, Schema> {
  const named = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(apiSchemas)) named.add(schema, { id })
  const options = {
    uri: (id: string) => `#/components/schemas/${id}`,
    unrepresentable: "any",
    override({ jsonSchema }: { jsonSchema: Record<string, unknown> }) {
      // That a number is whole says enough; and what is added later is nothing to who does not know it.
      if (jsonSchema["maximum"] === Number.MAX_SAFE_INTEGER) delete jsonSchema["maximum"]
      if (jsonSchema["minimum"] === Number.MIN_SAFE_INTEGER) delete jsonSchema["minimum"]
      if (jsonSchema["additionalProperties"] === false) delete jsonSchema["additionalProperties"]
    },
  } as const
  const { schemas: described } = z.toJSONSchema(named, { ...options, io: "input" })
  for (const schema of Object.values(described)) {
    delete schema.$schema
    delete schema.$id
  }
  return described as Record<string, Schema>
}

const text: Schema = { type: "string" }

const shopEventCall: Schema = {
  summary: "What became of an order, posted to the address of --webhook, at least once",
  parameters: [
    {
      name: "Flash-Sale-Signature",
      in: "header",
      required: true,
      schema: text,
      description: "t=<seconds>,v1=<hex of HMAC-SHA256 over `<seconds>.<body>`>",
    },
  ],
  requestBody: { content: { "application/json": { schema: ref("ShopEvent") } } },
  responses: { "2XX": { description: "Taken. Whatever else is answered, it comes again later" } },
}

export function openApi(): Schema {
  const paths: Record<string, Record<string, Schema>> = {}
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(route)
  return {
    openapi: "3.1.0",
    info: { title: "Flash sale", version: "1" },
    paths,
    webhooks: { shopEvent: { post: shopEventCall } },
    components: {
      schemas,
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
    },
  }
}

function operation({ path, who, does, takes, answers: [status, schema], method }: Route): Schema {
  const parameters: Schema[] = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: text,
  }))
  if (method === "POST" && path.endsWith("/tickets"))
    parameters.push(
      { name: "Idempotency-Key", in: "header", required: true, schema: text },
      {
        name: "Buy-Token",
        in: "header",
        schema: text,
        description: "Needed from the start on. With it a sale of one item needs no body",
      },
    )
  const content = (name: string): Schema =>
    name === "Csv" ? { "text/csv": { schema: ref(name) } } : { "application/json": { schema: ref(name) } }
  return {
    summary: does,
    ...(parameters.length > 0 && { parameters }),
    ...(takes && { requestBody: { content: content(takes) } }),
    ...((who === "buyer" || who === "operator") && { security: [{ bearer: [] }] }),
    responses: {
      [status]: { description: does, content: content(schema) },
      default: {
        description: "A problem",
        content: { "application/problem+json": { schema: ref("Problem") } },
      },
    },
  }
}
