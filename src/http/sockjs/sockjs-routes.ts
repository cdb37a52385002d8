// The addresses of a SockJS service (SockJS 0.3.3), from what follows its path. docs/PROTOCOL.md, J.
import type { Methods } from "../endpoint.ts"
import { noSuchAddress } from "./answer.ts"
import { greet, optionsOf, tellInfo } from "./about.ts"
import { openHtmlfile, pollByJsonp, sendByForm, showIframe } from "./old-transports.ts"
import { openEventSource, openXhrStreaming, pollByXhr } from "./receive.ts"
import { sendByXhr } from "./send.ts"
import { sessionPath } from "./claimed-session.ts"
import type { SockJsContext } from "./sockjs-context.ts"
import { openRawSocket, openSockJsSocket } from "./sockets.ts"

const rawSocket: Methods = { GET: openRawSocket }
const socket: Methods = { GET: openSockJsSocket }

const serviceAddresses = new Map<string, Methods>([
  ["", { GET: greet }],
  ["/info", { OPTIONS: optionsOf("GET"), GET: tellInfo }],
  ["/websocket", rawSocket],
])

/** By the last part of a session's path: what carries it. */
const transports = new Map<string, Methods>([
  ["websocket", socket],
  ["xhr", { OPTIONS: optionsOf("POST"), POST: pollByXhr }],
  ["xhr_send", { OPTIONS: optionsOf("POST"), POST: sendByXhr }],
  ["xhr_streaming", { OPTIONS: optionsOf("POST"), POST: openXhrStreaming }],
  ["eventsource", { GET: openEventSource }],
])

/** Where they are switched on. */
const oldTransports = new Map<string, Methods>([
  ["jsonp", { GET: pollByJsonp }],
  ["jsonp_send", { POST: sendByForm }],
  ["htmlfile", { GET: openHtmlfile }],
])
const iframe: Methods = { GET: showIframe }
const iframeAddress = /^\/iframe[\w.-]*\.html$/

/** There is nothing for any method. */
const nothing: Methods = Object.fromEntries(
  ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].map((method) => [method, noSuchAddress]),
)

/** Null for a path that is none of SockJS's. */
export function sockJsMethods(context: SockJsContext, path: string): Methods | null {
  const place = context.placeOf(path)
  if (!place) return null
  return (
    methodsAt(place.rest) ?? (context.config.oldTransports ? oldMethodsAt(place.rest) : undefined) ?? nothing
  )
}

const transportIn = (rest: string): string | undefined => sessionPath.exec(rest)?.[2]

const methodsAt = (rest: string): Methods | undefined =>
  serviceAddresses.get(rest) ?? transports.get(transportIn(rest) ?? "")

const oldMethodsAt = (rest: string): Methods | undefined =>
  iframeAddress.test(rest) ? iframe : oldTransports.get(transportIn(rest) ?? "")

/** Whether a WebSocket opens there; elsewhere below a service none does. */
export const isSockJsSocket = (methods: Methods): boolean => methods === rawSocket || methods === socket
