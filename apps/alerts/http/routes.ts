// The HTTP API of the pages: what is there, and what can be pressed.
import type { AppRequest, Route } from "../../kit/http/app-request.ts"
import { readJsonObject } from "../../kit/http/json-body.ts"
import { answer, Problem } from "../../kit/http/problem.ts"
import { reachableUrl } from "../../kit/http/reachable-url.ts"
import type { Snapshot } from "../pages/snapshot.ts"
import { plans } from "../payments/payment.ts"
import type { Alerts, Endpoint } from "./alerts.ts"
import { readOrder } from "./order.ts"

/** Where a page that was asked for like this finds Laba. */
export const labaFor = ({ labaUrl }: Alerts, { url }: AppRequest): string =>
  reachableUrl(labaUrl, url.hostname)

const showState: Endpoint = (alerts, request) => {
  const { paid, subscribers, letters, texts, nodes, deploys, heartbeat, alarms } = alerts
  const { host, everySeconds, silentSeconds } = heartbeat.options
  const snapshot: Snapshot = {
    laba: labaFor(alerts, request),
    plans,
    lastPayment: paid.items[0] ?? null,
    subscribers: subscribers.states,
    letters: letters && letters.items,
    texts: texts && texts.items,
    nodes: nodes.states,
    deploys: deploys.items,
    heart: { host, everySeconds, silentSeconds, isAlive: heartbeat.pid !== null },
    alarms: alarms.items,
  }
  return answer(snapshot)
}

const pay: Endpoint = async ({ payments }, { request }) =>
  answer(await payments.pay(readOrder(await readJsonObject(request))), 201)

const changeSubscriber: Endpoint = async ({ subscribers }, { params: { name, act } }) => {
  if (name !== "mail" && name !== "sms") throw new Problem(404, "not_found", "There is no such subscriber.")
  if (act !== "add" && act !== "remove" && act !== "retry")
    throw new Problem(404, "not_found", "A subscriber is added, removed, or tries again.")
  await subscribers[act](name)
  return answer(subscribers.states)
}

const changeNode: Endpoint = async ({ nodes }, { params: { node = "", act } }) => {
  if (!nodes.has(node)) throw new Problem(404, "not_found", "There is no such node.")
  if (act !== "start" && act !== "stop" && act !== "restart" && act !== "kill")
    throw new Problem(404, "not_found", "A node is started, stopped, restarted or killed.")
  await nodes[act](node)
  return answer(nodes.states)
}

const changeHeart: Endpoint = async ({ heartbeat }, { params: { act } }) => {
  if (act !== "kill" && act !== "revive") throw new Problem(404, "not_found", "A heart is killed or revived.")
  await heartbeat[act]()
  return answer({ isAlive: heartbeat.pid !== null })
}

export const routes: readonly Route<Alerts>[] = [
  { method: "GET", path: "/api/state", endpoint: showState },
  { method: "GET", path: "/api/listen-token", endpoint: (alerts) => answer({ token: alerts.listenToken() }) },
  { method: "POST", path: "/api/payments", endpoint: pay },
  { method: "POST", path: "/api/subscribers/{name}/{act}", endpoint: changeSubscriber },
  { method: "POST", path: "/api/nodes/{node}/{act}", endpoint: changeNode },
  { method: "POST", path: "/api/heart/{act}", endpoint: changeHeart },
]
