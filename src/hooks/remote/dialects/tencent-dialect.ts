// The dialect `tencent`: the JSON that Tencent Cloud's API gateway exchanges with its functions for WebSockets. Fields may be
// added to `requestContext`, never left out, as there.
import { notUnderstood, Refusal } from "../delivery/backend-failure.ts"
import { statusFailure } from "./laba-dialect.ts"
import type {
  Answer,
  Dialect,
  HookConfig,
  HookEvent,
  HookKind,
  HookResponse,
  RegisterEvent,
} from "../remote.ts"

const decoder = new TextDecoder("utf-8", { fatal: true })

export const tencentDialect: Dialect = {
  speaks: new Set<HookKind>(["register", "transport", "unregister"]),
  handshakes: false,
  write: ({ event, id }, hook) => ({
    headers: { "content-type": "application/json" },
    body: JSON.stringify(bodyOf(event, id, hook)),
  }),
  read({ event }, response) {
    const { status } = response
    // The gateway takes 200 and nothing else for an answer. To `closing` it wants none: that it was heard is enough.
    const isTaken = event.kind === "unregister" ? status >= 200 && status < 300 : status === 200
    if (!isTaken) throw statusFailure(response)
    return event.kind === "register" ? registered(event, response) : {}
  },
}

function bodyOf(event: HookEvent, id: string, hook: HookConfig): Record<string, unknown> {
  switch (event.kind) {
    case "register":
      return { requestContext: contextOf(event, id, hook), websocket: connecting(event) }
    case "transport":
      return {
        websocket: {
          action: "data send",
          secConnectionID: event.connection,
          ...(typeof event.data === "string"
            ? { dataType: "text", data: event.data }
            : { dataType: "binary", data: Buffer.from(event.data).toString("base64") }),
        },
      }
    case "unregister":
      return { websocket: { action: "closing", secConnectionID: event.connection } }
    case "subscribe":
    case "publish":
    case "occupied":
    case "vacated":
    case "nack":
      throw new Error(`the dialect tencent has no word for ${event.kind}`)
    default:
      return event satisfies never
  }
}

const contextOf = ({ visitor }: RegisterEvent, id: string, hook: HookConfig): Record<string, unknown> => ({
  serviceName: hook.name,
  path: hook.pattern,
  httpMethod: "GET",
  requestId: id,
  identity: visitor.user === undefined ? {} : { secretId: visitor.user },
  sourceIp: visitor.address,
  stage: "release",
  websocketEnable: true,
  // Ours: which of the pattern's channels, and what was asked with it.
  channel: visitor.channel,
  queryString: visitor.query,
})

function connecting({ visitor }: RegisterEvent): Record<string, unknown> {
  const protocols = visitor.headers.get("sec-websocket-protocol")
  const extensions = visitor.headers.get("sec-websocket-extensions")
  return {
    action: "connecting",
    secConnectionID: visitor.connection,
    ...(protocols !== null && { secWebSocketProtocol: protocols }),
    ...(extensions !== null && { secWebSocketExtensions: extensions }),
  }
}

function registered({ connection }: RegisterEvent, { body }: HookResponse): Answer {
  const answer = parse(body)
  const { errNo, errMsg } = answer
  if (typeof errNo !== "number") throw notUnderstood("it has no number `errNo`")
  if (errNo !== 0) {
    const said =
      typeof errMsg === "string" && errMsg !== "" ? errMsg.slice(0, 300) : "The application said no."
    throw new Refusal("forbidden", said)
  }
  const websocket = isObject(answer["websocket"]) ? answer["websocket"] : {}
  const { secConnectionID, secWebSocketProtocol } = websocket
  if (secConnectionID !== undefined && secConnectionID !== connection)
    throw notUnderstood("`secConnectionID` is another connection's")
  // Extensions are between the client and this server, which compresses nothing.
  return typeof secWebSocketProtocol === "string" && secWebSocketProtocol !== ""
    ? { subprotocol: secWebSocketProtocol }
    : {}
}

function parse(body: Uint8Array): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(decoder.decode(body))
  } catch (cause) {
    throw notUnderstood("it is not JSON", cause)
  }
  if (!isObject(value)) throw notUnderstood("it is no object")
  return value
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
