// Functions as they are written for Tencent Cloud's API gateway, in a process of its own: register, transport and cleanup, told
// apart by the path. Every field is checked against the gateway's contract, strictly: a field that is not in it, too.
const port = Number(process.argv[3] ?? "0")

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const isText = (value: unknown): value is string => typeof value === "string" && value !== ""
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The fields of a `requestContext`; more may come, none may go. */
const contextFields: Readonly<Record<string, (value: unknown) => boolean>> = {
  serviceName: isText,
  path: (value) => isText(value) && value.startsWith("/"),
  httpMethod: (value) => value === "GET",
  requestId: isText,
  identity: isObject,
  sourceIp: (value) => isText(value) && /^[\d.]+$|:/.test(value),
  stage: isText,
  websocketEnable: (value) => value === true,
}

function keysBeside(object: Json, known: readonly string[]): string[] {
  return Object.keys(object)
    .filter((key) => !known.includes(key))
    .map((key) => `unknown key ${key}`)
}

function problemsWith(kind: string, json: unknown): string[] {
  if (!isObject(json)) return ["the body is no object"]
  const websocket = json["websocket"]
  if (!isObject(websocket)) return ["there is no websocket"]
  const problems: string[] = []
  const id = websocket["secConnectionID"]
  // The order template keeps it in a varchar(50).
  if (!isText(id) || id.length > 50) problems.push("secConnectionID is a text that fits 50 characters")
  if (kind === "register") {
    const context = json["requestContext"]
    if (!isObject(context)) return [...problems, "there is no requestContext"]
    for (const [name, isRight] of Object.entries(contextFields))
      if (!isRight(context[name])) problems.push(`requestContext.${name}`)
    if (websocket["action"] !== "connecting") problems.push("websocket.action")
    for (const name of ["secWebSocketProtocol", "secWebSocketExtensions"])
      if (name in websocket && !isText(websocket[name])) problems.push(`websocket.${name}`)
    return [
      ...problems,
      ...keysBeside(json, ["requestContext", "websocket"]),
      ...keysBeside(websocket, [
        "action",
        "secConnectionID",
        "secWebSocketProtocol",
        "secWebSocketExtensions",
      ]),
    ]
  }
  problems.push(...keysBeside(json, ["websocket"]))
  if (kind === "cleanup") {
    if (websocket["action"] !== "closing") problems.push("websocket.action")
    return [...problems, ...keysBeside(websocket, ["action", "secConnectionID"])]
  }
  const { action, dataType, data } = websocket
  if (action !== "data send") problems.push("websocket.action")
  if (dataType !== "text" && dataType !== "binary") problems.push("websocket.dataType")
  if (typeof data !== "string") problems.push("websocket.data")
  if (dataType === "binary" && !base64.test(String(data))) problems.push("websocket.data is base64")
  return [...problems, ...keysBeside(websocket, ["action", "secConnectionID", "dataType", "data"])]
}

/** As the published samples answer, here with a choice: the query of the address says how. */
function answer(kind: string, json: Json): Response {
  const websocket = json["websocket"] as Json
  if (kind === "register") {
    const context = json["requestContext"] as Json
    const query = String(context["queryString"])
    if (query.includes("refuse")) return Response.json({ errNo: 101, errMsg: "not found request context" })
    if (query.includes("fail")) return new Response(null, { status: 500 })
    if (query.includes("silent")) return new Response("ok")
    const [first] = String(websocket["secWebSocketProtocol"] ?? "").split(",")
    return Response.json({
      errNo: 0,
      errMsg: "ok",
      websocket: {
        action: "connecting",
        secConnectionID: websocket["secConnectionID"],
        ...(first && { secWebSocketProtocol: first.trim() }),
      },
    })
  }
  return kind === "transport" && websocket["data"] === "break"
    ? new Response(null, { status: 500 })
    : new Response("whatever a function answers")
}

/** To who only wants to know whether it answers: by the path. */
function optionsAnswer(kind: string): Response {
  if (kind === "broken") return new Response("out of\nmemory", { status: 500 })
  if (kind === "nowhere") return new Response(null, { status: 404 })
  return new Response(null, { status: 405 })
}

const server = Bun.serve({
  hostname: "127.0.0.1",
  port,
  async fetch(request) {
    const kind = new URL(request.url).pathname.slice(1)
    if (request.method === "OPTIONS") return optionsAnswer(kind)
    const text = await request.text()
    const json: unknown = JSON.parse(text)
    const problems = problemsWith(kind, json)
    if (request.method !== "POST") problems.push("the method is not POST")
    if (request.headers.get("content-type") !== "application/json")
      problems.push("the Content-Type is not JSON")
    print({ kind, json, problems })
    return answer(kind, json as Json)
  },
})

function print(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

print({ kind: "listening", port: server.port, problems: [] })
