// Listens by the subprotocol laba.v1: every frame carries a cursor, so a lost connection loses nothing.
import { type Code, codes, retryOfClose } from "../../wire/codes.ts"
import { labaSubprotocol, type MessageJson, type ServerFrame } from "../../wire/frames.ts"
import { type Address, channelUrl } from "./address.ts"
import type { Ear, Ended, Heard, ListenOnce } from "./listening.ts"
import { refusalOf } from "./problem.ts"

const ref = 1

export const listenByWebSocket: ListenOnce = (address, after, ear) => {
  const { promise, resolve } = Promise.withResolvers<Ended>()
  const socket = new WebSocket(`${address.server.replace(/^http/, "ws")}/_/ws`, labaSubprotocol)
  const silence = new SilenceAlarm(socket)
  let greeted = false
  let ended: Ended | null = null

  socket.onmessage = ({ data }: MessageEvent<unknown>) => {
    silence.heard()
    const frame = JSON.parse(String(data)) as ServerFrame
    if (frame.op === "hello") {
      greeted = true
      silence.start(frame.heartbeat)
      const channel = new URL(channelUrl(address)).pathname
      socket.send(JSON.stringify({ op: "subscribe", ref, channel, ...(after === null ? {} : { after }) }))
      return
    }
    const end = take(frame, ear)
    if (!end) return
    ended = end
    socket.close()
  }
  socket.onclose = async ({ code, reason }) => {
    silence.stop()
    if (ended) return resolve(ended)
    resolve(greeted ? endOfClose(code, reason) : await whyRefused(address))
  }
  return promise
}

/** Tells the ear of one frame. Answers how the connection ends when the frame ends it. */
function take(frame: ServerFrame, ear: Ear): Ended | null {
  if (frame.op === "subscribed") ear.opened(frame.cursor)
  if (frame.op === "message") ear.heard(heardOf(frame))
  if (frame.op === "reset") ear.reset(frame.cursor, frame.reason)
  if (frame.op !== "error") return null
  return { code: frame.code, why: `${frame.code}: ${frame.detail}`, retry: frame.retry }
}

function heardOf({ channel, cursor, id, time, type, data, base64 }: MessageJson): Heard {
  const json = { channel, cursor, id, time, type, data, ...(base64 ? { base64 } : {}) }
  if (base64) return { channel, cursor, data: Buffer.from(String(data), "base64"), json }
  return {
    channel,
    cursor,
    data: typeof data === "string" && !isJson(type) ? data : JSON.stringify(data),
    json,
  }
}

const isJson = (type: string): boolean => /[/+]json\s*(;|$)/i.test(type)

function endOfClose(close: number, reason: string): Ended {
  const code = reason in codes ? (reason as Code) : undefined
  const why = code
    ? `${code}: ${codes[code].title}`
    : `the connection was lost (${close}${reason ? ` ${reason}` : ""})`
  return { ...(code ? { code } : {}), why, retry: retryOfClose(close) }
}

/** A WebSocket does not say why its handshake failed. A plain request for the same channel does. */
async function whyRefused(address: Address): Promise<Ended> {
  try {
    const response = await fetch(channelUrl(address))
    if (response.ok) return { why: "the WebSocket was refused; --sse may get through", retry: "back-off" }
    return { why: await refusalOf(response), retry: response.status < 500 ? "stay-away" : "back-off" }
  } catch {
    return { why: `cannot reach ${address.server}`, retry: "back-off" }
  }
}

/** Asks when the server was silent for a heartbeat, and hangs up when it was silent for two: a dead network says nothing. */
class SilenceAlarm {
  readonly #socket: WebSocket
  #heartbeatMs = 0
  #timer: NodeJS.Timeout | undefined
  #asked = false

  constructor(socket: WebSocket) {
    this.#socket = socket
  }

  start(heartbeatSeconds: number): void {
    this.#heartbeatMs = heartbeatSeconds * 1000
    this.#timer = setInterval(() => this.#look(), this.#heartbeatMs)
  }

  heard(): void {
    this.#asked = false
    this.#timer?.refresh()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    if (this.#asked) return this.#socket.close(4202, "silent")
    this.#asked = true
    this.#socket.send(JSON.stringify({ op: "ping" }))
  }
}
