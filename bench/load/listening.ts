// How a listener asks to listen, by transport and protocol: the request's bytes, and how it knows that it is heard.
import type { Words } from "./websocket-reader.ts"

/**
 * - `websocket`: messages without an envelope.
 * - `laba.v1`: Laba's JSON frames, on the channel's own URL.
 * - `stomp`: STOMP 1.2 over a WebSocket, each listener with the id that browsers' clients begin with.
 * - `stomp-sockjs`: the same in frames of SockJS, below the path `sockJsPath`.
 * - `web-stomp`: the same at RabbitMQ's address, to a topic of its own.
 * - `spring-stomp`: the same at the address of a Spring application, to a topic of its simple broker.
 * - `socket.io`: Engine.IO 4 over its websocket transport.
 * - `sse`: an event stream.
 */
export type Way =
  "websocket" | "laba.v1" | "stomp" | "stomp-sockjs" | "web-stomp" | "spring-stomp" | "socket.io" | "sse"

export interface Listening {
  readonly way: Way
  /** The status that says yes. */
  readonly status: 101 | 200
  readonly request: Buffer
  /** What is said first, for protocols in which it is the listener who begins. */
  readonly opening?: string
  /** For protocols that greet: `ready` is called when the listener is in, and not before. */
  greet?(ready: () => void): Words
}

interface ListenTarget {
  readonly port: number
  readonly path: string
  readonly way: Way
  /** More header lines, each with its end. Default none. */
  readonly headers?: string | undefined
}

// RFC 6455 wants a fresh key a connection, against caches; on loopback one will do and costs no randomness.
const upgrade =
  "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bGFiYS1iZW5jaC1sYWJhLQ==\r\n"

/** RabbitMQ's user for this machine's own. */
export const webStompConnect =
  "CONNECT\naccept-version:1.2\nhost:/\nlogin:guest\npasscode:guest\nheart-beat:0,0\n\n\0"

/** A topic of RabbitMQ has no slashes in its name. */
export const webStompDestination = (path: string): string => `/topic/${path.slice(1).replaceAll("/", ".")}`

/** Where a server has to serve SockJS. */
export const sockJsPath = "/sockjs"

const stompConnect = "CONNECT\naccept-version:1.2\nheart-beat:0,0\n\n\0"

const inStomp =
  (destination: string, ready: () => void): Words =>
  (text) => {
    if (text.startsWith("RECEIPT")) ready()
    return text.startsWith("CONNECTED")
      ? `SUBSCRIBE\nid:sub-0\ndestination:${destination}\nreceipt:in\n\n\0`
      : undefined
  }

/** A frame of SockJS holds one message here, and so does what is answered. */
const inSockJs =
  (words: Words): Words =>
  (text) => {
    const answer =
      text === "o"
        ? stompConnect
        : text.startsWith("a[")
          ? words(String(JSON.parse(text.slice(1))))
          : undefined
    return answer === undefined ? undefined : JSON.stringify([answer])
  }

export function listeningTo(target: ListenTarget): Listening {
  const { way } = target
  const request = (headers: string, path = target.path): Buffer =>
    Buffer.from(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${target.port}\r\n${target.headers ?? ""}${headers}\r\n`,
    )
  switch (way) {
    case "sse":
      return { way, status: 200, request: request("Accept: text/event-stream\r\n") }
    case "websocket":
      return { way, status: 101, request: request(upgrade) }
    case "laba.v1":
      return {
        way,
        status: 101,
        request: request(`${upgrade}Sec-WebSocket-Protocol: laba.v1\r\n`),
        greet: (ready) => (text) => {
          if (text.includes('"op":"subscribed"')) ready()
          return undefined
        },
      }
    case "web-stomp":
      return {
        way,
        status: 101,
        request: request(`${upgrade}Sec-WebSocket-Protocol: v12.stomp\r\n`, "/ws"),
        opening: webStompConnect,
        greet: (ready) => inStomp(webStompDestination(target.path), ready),
      }
    case "stomp":
      return {
        way,
        status: 101,
        request: request(`${upgrade}Sec-WebSocket-Protocol: v12.stomp\r\n`),
        opening: stompConnect,
        greet: (ready) => inStomp(target.path, ready),
      }
    case "stomp-sockjs":
      return {
        way,
        status: 101,
        request: request(upgrade, `${sockJsPath}/0/bench/websocket`),
        greet: (ready) => inSockJs(inStomp(target.path, ready)),
      }
    case "spring-stomp":
      return {
        way,
        status: 101,
        request: request(`${upgrade}Sec-WebSocket-Protocol: v12.stomp\r\n`, "/websocket"),
        opening: stompConnect,
        greet: (ready) => inStomp(`/topic${target.path}`, ready),
      }
    case "socket.io":
      return {
        way,
        status: 101,
        request: request(upgrade),
        // Engine.IO opens with 0, we ask for the namespace with 40 and are in when 40 comes back; 2 is a ping, 3 its answer.
        greet: (ready) => (text) => {
          if (text.startsWith("40")) ready()
          return text.startsWith("0") ? "40" : text === "2" ? "3" : undefined
        },
      }
  }
}
