// A server with something to look at, and the few calls that the tests of its backend API share.
import { serve, type ConfigInput, type Laba, type ServeOptions } from "../../src/server/index.ts"
import type { Problem } from "../../wire/error.ts"

export interface Stage extends AsyncDisposable {
  readonly base: string
  readonly laba: Laba
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>
  /** The body of an answer that has this status. */
  json<Shape>(status: number, method: string, path: string, body?: unknown): Promise<Shape>
  /** The problem of a refusal, its status checked against the body's own. */
  refusal(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Problem>
}

/** The application names users by the query: `?user=ann`. That makes polls known by an id too. */
export const namesUsers: NonNullable<ServeOptions["onConnect"]> = ({ query, connection }) => {
  lastSeen.connection = connection
  const user = new URLSearchParams(query).get("user")
  return user === null ? undefined : { user }
}

/** The id of the visitor who was asked about last. */
export const lastSeen = { connection: "" }

export async function openStage(options: ServeOptions = {}): Promise<Stage> {
  const limits: ConfigInput["limits"] = { drainSeconds: 0, ...options.limits }
  const laba = await serve({
    onConnect: namesUsers,
    logTo: () => {},
    ...options,
    limits,
    listen: { port: 0, ...options.listen },
  })
  const base = laba.url
  const call: Stage["call"] = (method, path, body, headers = {}) =>
    fetch(`${base}${path}`, {
      method,
      headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    })
  return {
    base,
    laba,
    call,
    async json<Shape>(status: number, method: string, path: string, body?: unknown) {
      const response = await call(method, path, body)
      const text = await response.text()
      if (response.status !== status) throw new Error(`${response.status} to ${method} ${path}: ${text}`)
      return (text === "" ? null : JSON.parse(text)) as Shape
    },
    async refusal(method, path, body, headers) {
      const response = await call(method, path, body, headers)
      const problem = (await response.json()) as Problem
      if (problem.status !== response.status)
        throw new Error(`${response.status} and the body says ${problem.status}`)
      return problem
    },
    [Symbol.asyncDispose]: () => laba.close(),
  }
}
