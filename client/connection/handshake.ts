// The handshake of one transport: opened, shown the token, pinged. It is ready when the ping is answered, because a
// proxy may let a WebSocket open and then swallow its frames.
import type { ServerFrame } from "../../wire/frames.ts"
import { networkReason, type Reason, reasonOf } from "../reason.ts"
import type {
  OpenTransport,
  Transport,
  TransportEnvironment,
  TransportEvents,
  TransportName,
} from "../transports/transport.ts"

type Hello = Extract<ServerFrame, { op: "hello" }>

/** A transport whose ping was answered. */
export interface ReadyTransport {
  readonly name: TransportName
  readonly transport: Transport
  readonly hello: Hello
  /** Seconds for which the token is good, if the server said so. */
  readonly tokenSeconds: number | undefined
  /** From now on its events go there, beginning with what came meanwhile. */
  forwardTo(events: TransportEvents): void
}

/** What becomes of an attempt to connect: one of the two, once. */
export interface DialEvents {
  opened(ready: ReadyTransport): void
  failed(reason: Reason): void
}

/** Frames that the server may send by itself before the ping is answered: a greeting, and channels that it attached. */
const earlyMax = 1_000

interface Handshake {
  readonly name: TransportName
  readonly open: OpenTransport
  readonly token: string | null
}

/** Opens a transport and waits for its answer; returns how to call it off. */
export function startHandshake(
  environment: TransportEnvironment,
  { name, open, token }: Handshake,
  { opened, failed }: DialEvents,
): () => void {
  let hello: Hello | null = null
  let tokenSeconds: number | undefined
  let transport: Transport | null = null
  let isOver = false
  const early: ServerFrame[] = []

  const stop = (): void => {
    isOver = true
    transport?.close()
  }
  const fail = (reason: Reason): void => {
    if (isOver) return
    stop()
    failed(reason)
  }
  const events: TransportEvents = {
    alive() {},
    closed: fail,
    frame(frame) {
      if (isOver || !transport) return
      if (frame.op === "hello") {
        hello = frame
        transport.send([
          ...(token === null ? [] : [{ op: "token", ref: "token", token } as const]),
          { op: "ping", ref: "ping" },
        ])
      } else if (frame.op === "token") tokenSeconds = frame.expires
      else if (frame.op === "error") fail(reasonOf(frame))
      else if (frame.op === "pong" && hello) {
        isOver = true
        opened({ name, transport, hello, tokenSeconds, forwardTo })
      } else if (early.push(frame) > earlyMax)
        fail(networkReason("Too much came before a ping was answered."))
    },
  }
  const forwardTo = (next: TransportEvents): void => {
    Object.assign(events, next)
    for (const frame of early) next.frame(frame)
  }
  try {
    transport = open(environment, events)
  } catch (error) {
    fail(networkReason(String(error)))
  }
  return () => {
    if (!isOver) stop()
  }
}
