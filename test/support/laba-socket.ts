// Speaks laba.v1 over a WebSocket: every frame is queued as it came, and what concerns a listener is also told in the
// shape all transports share.
import { type ClientFrame, labaSubprotocol, type ServerFrame } from "../../wire/frames.ts"
import { type Dial, dialWebSocket } from "./dial.ts"
import { Listener } from "./heard.ts"
import { Inbox } from "./inbox.ts"
import { fromJson } from "./message-json.ts"
import { endOf } from "./raw-socket.ts"

export class LabaListener extends Listener {
  readonly socket: WebSocket
  readonly frames: Inbox<ServerFrame>

  constructor(url: string, socket: WebSocket) {
    super(`laba.v1 ${url}`, () => socket.close())
    this.socket = socket
    this.frames = new Inbox(`frames of ${url}`)
  }

  send(frame: ClientFrame): void {
    this.socket.send(JSON.stringify(frame))
  }

  /** The next frame with this `op`; others are passed over. */
  async frame<O extends ServerFrame["op"]>(op: O): Promise<Extract<ServerFrame, { op: O }>> {
    for (;;) {
      const frame = await this.frames.next()
      if (frame.op === op) return frame as Extract<ServerFrame, { op: O }>
    }
  }
}

/** Opens a laba.v1 connection at an `http://` address: a channel's own, `/_/ws`, or what `dial` takes. */
export async function connectByLaba(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  dial: Dial = dialWebSocket,
): Promise<LabaListener> {
  const socket = dial(url, { protocols: [labaSubprotocol], headers })
  const listener = new LabaListener(url, socket)
  socket.onmessage = (event) => hear(listener, JSON.parse(event.data as string) as ServerFrame)
  await new Promise<void>((resolve) => {
    socket.onopen = () => resolve()
    socket.onclose = (event) => {
      listener.inbox.push(endOf(event))
      listener.frames.fail(`closed with ${event.code} ${event.reason}`)
      resolve()
    }
  })
  return listener
}

/** Connects and subscribes to one channel. */
export async function listenByLaba(
  base: string,
  channel: string,
  after?: string,
  { path = "/_/ws", dial = dialWebSocket }: { readonly path?: string; readonly dial?: Dial } = {},
): Promise<LabaListener> {
  const listener = await connectByLaba(base + path, {}, dial)
  if (listener.socket.readyState === WebSocket.OPEN) {
    listener.send({ op: "subscribe", ref: 1, channel, ...(after === undefined ? {} : { after }) })
  }
  return listener
}

function hear(listener: LabaListener, frame: ServerFrame): void {
  listener.frames.push(frame)
  const { inbox } = listener
  if (frame.op === "subscribed") inbox.push({ kind: "position", cursor: frame.cursor })
  if (frame.op === "message") inbox.push(fromJson(frame))
  if (frame.op === "reset") {
    inbox.push({ kind: "reset", cursor: frame.cursor, reason: frame.reason, channel: frame.channel })
  }
  if (frame.op === "error") inbox.push({ kind: "end", code: frame.code, number: null })
}
