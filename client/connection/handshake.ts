// One transport on trial: opened, shown the token, pinged. It has proven itself when the ping is answered, because a
// proxy may let a WebSocket open and then swallow its frames.
import type { ServerFrame } from "../../wire/frames.ts"
import { networkReason, type Reason, reasonOfFrame } from "../reason.ts"
import type { Ear, Line, Site, Transport, TransportName } from "../transports/transport.ts"

type Hello = Extract<ServerFrame, { op: "hello" }>

/** A transport that has proven itself. */
export interface Winner {
  readonly name: TransportName
  readonly line: Line
  readonly hello: Hello
  /** Seconds for which the token is good, if the server said so. */
  readonly tokenSeconds: number | undefined
  /** From now on the line speaks to this ear, beginning with what came meanwhile. */
  hand(ear: Ear): void
}

export interface Verdict {
  won(winner: Winner): void
  failed(reason: Reason): void
}

/** Frames that the server may send by itself before the proof: a greeting, and channels that it attached. */
const earlyMax = 1_000

interface Trial {
  readonly name: TransportName
  readonly transport: Transport
  readonly token: string | null
}

/** Puts a transport on trial; returns how to call it off. */
export function tryTransport(site: Site, { name, transport, token }: Trial, verdict: Verdict): () => void {
  let hello: Hello | null = null
  let tokenSeconds: number | undefined
  let line: Line | null = null
  let isOver = false
  const early: ServerFrame[] = []

  const stop = (): void => {
    isOver = true
    line?.close()
  }
  const fail = (reason: Reason): void => {
    if (isOver) return
    stop()
    verdict.failed(reason)
  }

  const hand = (next: Ear): void => {
    ear = next
    for (const frame of early) next.frame(frame)
  }

  let ear: Ear = {
    alive() {},
    lost: fail,
    frame(frame) {
      if (isOver || !line) return
      if (frame.op === "hello") {
        hello = frame
        line.send([
          ...(token === null ? [] : [{ op: "token", ref: "token", token } as const]),
          { op: "ping", ref: "ping" },
        ])
      } else if (frame.op === "token") {
        tokenSeconds = frame.expires
      } else if (frame.op === "error") {
        fail(reasonOfFrame(frame))
      } else if (frame.op === "pong" && hello) {
        isOver = true
        verdict.won({ name, line, hello, tokenSeconds, hand })
      } else if (early.push(frame) > earlyMax)
        fail(networkReason("Too much came before a ping was answered."))
    },
  }
  try {
    line = transport(site, {
      frame: (frame) => ear.frame(frame),
      alive: () => ear.alive(),
      lost: (reason) => ear.lost(reason),
    })
  } catch (error) {
    fail(networkReason(String(error)))
  }
  return () => {
    if (!isOver) stop()
  }
}
