// Listens by raw WebSocket: payloads without an envelope. The client is Bun's own.
import { codes } from "../../wire/codes.ts"
import { type Dial, dialWebSocket } from "./dial.ts"
import { type Heard, Listener } from "./heard.ts"

class RawListener extends Listener {
  readonly socket: WebSocket

  constructor(url: string, socket: WebSocket) {
    super(`WebSocket ${url}`, () => socket.close())
    this.socket = socket
  }
}

/** Opens a WebSocket at an `http://` or `ws://` address and answers once it is open or refused. */
export async function listenByRawSocket(
  url: string,
  protocols: readonly string[] = [],
  dial: Dial = dialWebSocket,
): Promise<RawListener> {
  const socket = dial(url, { protocols })
  socket.binaryType = "arraybuffer"
  const listener = new RawListener(url, socket)
  socket.onmessage = (event) => {
    const data = typeof event.data === "string" ? event.data : new Uint8Array(event.data as ArrayBuffer)
    listener.inbox.push({
      kind: "message",
      cursor: null,
      ownCursor: null,
      data,
      channel: null,
      id: null,
      type: null,
    })
  }
  await new Promise<void>((resolve) => {
    socket.onopen = () => resolve()
    socket.onclose = (event) => {
      if (event.code === codes.reset.close) {
        listener.inbox.push({ kind: "reset", cursor: null, reason: null, channel: null })
      }
      listener.inbox.push(endOf(event))
      resolve()
    }
  })
  return listener
}

/** A close, with its reason read as a code: the first word, since a sentence may follow. */
export function endOf(event: CloseEvent): Heard {
  const code = /^[a-z_0-9]+/.exec(event.reason)?.[0] ?? null
  return { kind: "end", code, number: event.code }
}
