// The HTTP API of the pages: what is there, and what can be pressed.
import { plans } from "../payments/payment.ts"
import { answer, Problem, problem } from "./answers.ts"
import type { Desk, Snapshot } from "./desk.ts"
import { readOrder } from "./order.ts"

type Endpoint = (desk: Desk, words: readonly string[], request: Request) => Promise<Response> | Response

/** By method and path; `*` is any one part, handed to the endpoint in order. */
const routes: readonly (readonly [method: string, path: string, endpoint: Endpoint])[] = [
  ["GET", "/api/state", (desk) => answer(snapshotOf(desk))],
  ["GET", "/api/listen-token", (desk) => answer({ token: desk.listenToken() })],
  [
    "POST",
    "/api/payments",
    async (desk, _, request) => answer(await desk.payments.pay(readOrder(await jsonOf(request))), 201),
  ],
  [
    "POST",
    "/api/subscribers/*/*",
    (desk, [name, act], request) => changeSubscriber(desk, name, act, request),
  ],
  ["POST", "/api/nodes/*/*", (desk, [node, act], request) => changeNode(desk, node, act, request)],
  ["POST", "/api/heart/*", (desk, [act], request) => changeHeart(desk, act, request)],
]

/** Null: not of the API. */
export function api(desk: Desk, request: Request, path: string): Promise<Response> | null {
  if (!path.startsWith("/api/")) return null
  return carryOut(desk, request, path).catch((error: unknown) => {
    if (error instanceof Problem) return problem(error.status, error.code, error.message)
    throw error
  })
}

async function carryOut(desk: Desk, request: Request, path: string): Promise<Response> {
  const parts = path.split("/")
  for (const [method, pattern, endpoint] of routes) {
    const wanted = pattern.split("/")
    if (method !== request.method || wanted.length !== parts.length) continue
    if (!wanted.every((part, index) => part === "*" || part === parts[index])) continue
    return endpoint(
      desk,
      parts.filter((_, index) => wanted[index] === "*"),
      request,
    )
  }
  throw new Problem(404, "not_found", "There is nothing here.")
}

function snapshotOf({
  labaPort,
  paid,
  roster,
  letters,
  texts,
  fleet,
  deploys,
  heart,
  alarms,
}: Desk): Snapshot {
  const { host, everySeconds, silentSeconds } = heart.options
  return {
    labaPort,
    plans,
    lastPayment: paid.items[0] ?? null,
    subscribers: roster.states,
    letters: letters && letters.items,
    texts: texts && texts.items,
    nodes: fleet.states,
    deploys: deploys.items,
    heart: { host, everySeconds, silentSeconds, isAlive: heart.pid !== null },
    alarms: alarms.items,
  }
}

async function changeSubscriber(
  { roster }: Desk,
  name: string | undefined,
  act: string | undefined,
  request: Request,
): Promise<Response> {
  mustBeJson(request)
  if (name !== "mail" && name !== "sms") throw new Problem(404, "not_found", "There is no such subscriber.")
  if (act === "add") await roster.add(name)
  else if (act === "remove") await roster.remove(name)
  else if (act === "retry") await roster.retry(name)
  else throw new Problem(404, "not_found", "A subscriber is added, removed, or tries again.")
  return answer(roster.states)
}

async function changeNode(
  { fleet }: Desk,
  node = "",
  act: string | undefined,
  request: Request,
): Promise<Response> {
  mustBeJson(request)
  if (!fleet.has(node)) throw new Problem(404, "not_found", "There is no such node.")
  if (act === "start" || act === "stop" || act === "restart" || act === "kill") await fleet[act](node)
  else throw new Problem(404, "not_found", "A node is started, stopped, restarted or killed.")
  return answer(fleet.states)
}

async function changeHeart({ heart }: Desk, act: string | undefined, request: Request): Promise<Response> {
  mustBeJson(request)
  if (act === "kill") await heart.kill()
  else if (act === "revive") heart.revive()
  else throw new Problem(404, "not_found", "A heart is killed or revived.")
  return answer({ isAlive: heart.pid !== null })
}

/** A page of another origin cannot send JSON without asking first, and is told no. */
function mustBeJson(request: Request): void {
  if (!/^application\/json\b/i.test(request.headers.get("content-type") ?? ""))
    throw new Problem(415, "unsupported_type", "Send JSON.")
}

async function jsonOf(request: Request): Promise<unknown> {
  mustBeJson(request)
  try {
    return await request.json()
  } catch {
    throw new Problem(400, "bad_json", "The body is no JSON.")
  }
}
