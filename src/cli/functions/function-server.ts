// Serves functions as the backend of hooks: reads what Laba sends in the dialect `laba`, calls the function of the file that the
// path names, and writes its answer. Knows no processes.
import { askKinds, type HookKind, notificationKinds } from "../../hooks/remote/remote.ts"
import { attributeOf, verifySignature } from "../../hooks/signature.ts"
import type { FunctionAnswer } from "../../hooks/function-file.ts"

/** Calls a function; null when there is none. Throws what it throws. */
type CallFunction = (file: string, kind: HookKind, event: unknown) => Promise<unknown> | null

export interface FunctionServerOptions {
  readonly port: number
  /** What requests must be signed with; null lets everything on this machine call. */
  readonly secret: string | null
  readonly call: CallFunction
  readonly onFailure: (file: string, kind: HookKind, error: unknown) => void
}

/** A byte order mark is kept: a message arrives as it was sent. */
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true })

const kinds: readonly string[] = [...askKinds, ...notificationKinds]

export function serveFunctions(options: FunctionServerOptions): Bun.Server<undefined> {
  return Bun.serve({
    hostname: "127.0.0.1",
    port: options.port,
    idleTimeout: 120,
    development: false,
    reusePort: false,
    fetch: (request) => answer(request, options),
  })
}

/** The name of a file that a path asks for; null when it can be none. */
function fileIn(url: string): string | null {
  try {
    return decodeURIComponent(new URL(url).pathname.slice(1))
  } catch {
    return null
  }
}

/** What Laba sent about an event; null when Laba would not send that. */
function readEvent(kind: HookKind, headers: Record<string, string>, body: Uint8Array): unknown {
  try {
    return eventOf(kind, headers, body)
  } catch {
    return null
  }
}

async function answer(request: Request, options: FunctionServerOptions): Promise<Response> {
  const file = fileIn(request.url)
  if (file === null) return new Response("This is no address.\n", { status: 400 })
  if (request.method === "OPTIONS") {
    const origin = request.headers.get("webhook-request-origin")
    return new Response(null, {
      status: 200,
      headers: origin === null ? {} : { "WebHook-Allowed-Origin": origin },
    })
  }
  if (request.method !== "POST") return new Response("Laba calls here by POST.\n", { status: 405 })
  const body = new Uint8Array(await request.arrayBuffer())
  const headers = Object.fromEntries(request.headers)
  const { secret } = options
  if (secret !== null && !verifySignature({ headers, body }, { secret }))
    return new Response("The signature is not right.\n", { status: 400 })
  const kind = (headers["ce-type"] ?? "").replace(/^laba\./, "")
  if (!kinds.includes(kind)) return new Response("This is no event of Laba's.\n", { status: 400 })
  const event = readEvent(kind as HookKind, headers, body)
  if (event === null) return new Response("This is no event as Laba sends it.\n", { status: 400 })
  const called = options.call(file, kind as HookKind, event)
  if (!called) return new Response(`There is no function ${kind} in ${file}.\n`, { status: 404 })
  try {
    return responseOf((await called) as FunctionAnswer | undefined)
  } catch (error) {
    options.onFailure(file, kind as HookKind, error)
    return new Response(null, { status: 500 })
  }
}

function eventOf(kind: HookKind, headers: Record<string, string>, body: Uint8Array): unknown {
  const attribute = (name: string): string | null => attributeOf(headers, name)
  const about = {
    connection: attribute("connection") ?? "",
    transport: attribute("transport") ?? "poll",
    channel: attribute("channel"),
    user: attribute("user"),
    state: attribute("state"),
  }
  if (kind === "occupied" || kind === "vacated") return { channel: about.channel }
  if (kind === "transport" || kind === "publish") {
    const type = headers["content-type"] ?? ""
    const isText = /^(?:text\/|application\/(?:.*\+)?(?:json|xml))/.test(type)
    return { ...about, type, data: isText ? utf8.decode(body) : body }
  }
  const said = JSON.parse(new TextDecoder().decode(body)) as unknown
  if (typeof said !== "object" || said === null) return null
  return { ...said, ...about }
}

function responseOf(answered: FunctionAnswer | undefined): Response {
  if (!answered) return new Response(null, { status: 204 })
  const { refuse, status = 403, reply, ...rest } = answered
  if (refuse !== undefined)
    return Response.json(
      { detail: refuse },
      { status, headers: { "Content-Type": "application/problem+json" } },
    )
  return Response.json({
    ...rest,
    ...(reply !== undefined && {
      reply: typeof reply === "string" ? reply : { base64: Buffer.from(reply).toString("base64") },
    }),
  })
}
