// A server on which every method of publishing and of delivery works, its hooks and the functions in this process among them.
import type { ClientMessage, ServeOptions } from "../../src/server/index.ts"
import { Inbox } from "../support/inbox.ts"
import { type OwnServer, startServer } from "../support/server.ts"
import type { TestPayload } from "./payloads.ts"

/** What a backend was sent about a message. */
interface HookBody {
  readonly channel: string
  readonly type: string
  readonly body: Uint8Array
}

export interface PayloadServer extends AsyncDisposable {
  readonly server: OwnServer
  readonly base: string
  /** What `onMessage` was given in this process. */
  readonly inProcess: Inbox<ClientMessage>
  /** What the backends were sent, in the dialect `laba` and in `tencent`. */
  readonly laba: Inbox<HookBody>
  readonly tencent: Inbox<HookBody>
  /** Answers of the backend of the dialect `laba`, as it writes them. Null: it says nothing. */
  answer: string | null
  /** What `onMessage` puts in a message's place, and what it replies. */
  instead: { readonly data?: string | Uint8Array; readonly reply?: string | Uint8Array } | null
}

/** Channels that a backend is asked about, by its dialect. */
export const hooked = {
  laba: "/hooked/laba",
  publish: "/hooked/publish",
  tencent: "/hooked/tencent",
} as const

export async function startPayloadServer(options: Pick<ServeOptions, "engine"> = {}): Promise<PayloadServer> {
  const inProcess = new Inbox<ClientMessage>("onMessage")
  const laba = new Inbox<HookBody>("the backend of the dialect laba")
  const tencent = new Inbox<HookBody>("the backend of the dialect tencent")
  const backend = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      if (request.method === "OPTIONS")
        return new Response(null, { headers: { "WebHook-Allowed-Origin": "*" } })
      const body = new Uint8Array(await request.arrayBuffer())
      const type = request.headers.get("content-type") ?? ""
      if (new URL(request.url).pathname === "/tencent") return answerTencent(body, type)
      const kind = request.headers.get("ce-type")
      if (kind !== "laba.transport" && kind !== "laba.publish") return new Response(null, { status: 204 })
      laba.push({ channel: request.headers.get("ce-channel") ?? "", type, body })
      return node.answer === null ? new Response(null, { status: 204 }) : new Response(node.answer)
    },
  })
  const answerTencent = (body: Uint8Array, type: string): Response => {
    const said = JSON.parse(new TextDecoder().decode(body)) as {
      readonly websocket: { readonly action: string; readonly secConnectionID: string }
    }
    const { action, secConnectionID } = said.websocket
    if (action === "data send") tencent.push({ channel: hooked.tencent, type, body })
    return Response.json({ errNo: 0, errMsg: "ok", websocket: { action, secConnectionID } })
  }
  const url = `http://127.0.0.1:${backend.port}`
  const common = { privateAddresses: ["127.0.0.1"] }
  const server = await startServer({
    ...options,
    logTo: () => {},
    channels: { "/**": { history: { count: 100, bytes: "16MB", time: "10m" }, presence: false } },
    hooks: [
      { name: "laba", pattern: hooked.laba, transport: `${url}/laba`, register: `${url}/laba`, ...common },
      { name: "publish", pattern: hooked.publish, publish: `${url}/laba`, ...common },
      {
        name: "pg",
        pattern: hooked.tencent,
        dialect: "tencent",
        register: `${url}/tencent`,
        transport: `${url}/tencent`,
        ...common,
      },
    ],
    onMessage(message) {
      inProcess.push(message)
      return node.instead ?? undefined
    },
  })
  const node: PayloadServer = {
    server,
    base: server.base,
    inProcess,
    laba,
    tencent,
    answer: null,
    instead: null,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await backend.stop(true)
    },
  }
  return node
}

/** Fails with what was said, unless it went well. */
export async function mustBe(status: number, response: Response): Promise<Response> {
  if (response.status === status) return response
  throw new Error(`${response.status} instead of ${status}: ${(await response.text()).slice(0, 300)}`)
}

/** A message as JSON says it: the payload's own text where it is JSON. */
export function membersOf({ kind, type, data }: TestPayload): string {
  if (typeof data !== "string")
    return `"type":"${type}","base64":true,"data":"${Buffer.from(data).toString("base64")}"`
  return `"type":"${type}","data":${kind === "json" ? data : JSON.stringify(data)}`
}
