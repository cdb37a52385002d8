// The WebSocket transport: one frame a message, subprotocol laba.v1.
import { labaSubprotocol } from "../../wire/frames.ts"
import { parseFrame } from "../frames/parse-frame.ts"
import { networkReason } from "../reason.ts"
import { reasonOfClose } from "./refusal.ts"
import type { OpenTransport } from "./transport.ts"

export const openWebSocket: OpenTransport = ({ socket: openSocket, baseUrl }, events) => {
  if (!openSocket) throw new Error("there is no WebSocket here")
  // http becomes ws, https becomes wss.
  const socket = openSocket(`${baseUrl.replace(/^http/, "ws")}/_/ws`, [labaSubprotocol])
  let isOpen = false
  const end = (): void => {
    // Some sockets deliver what they still hold after close().
    socket.onmessage = socket.onclose = null
  }

  socket.onopen = () => {
    isOpen = true
  }
  socket.onmessage = (event: { data: unknown }) => {
    const frame = parseFrame(event.data)
    if (frame) events.frame(frame)
    else events.alive()
  }
  socket.onclose = (event: { code: number; reason: string }) => {
    end()
    events.closed(
      isOpen ? reasonOfClose(event.code, event.reason) : networkReason("The WebSocket could not be opened."),
    )
  }
  // `close` follows and says more. Without a listener some sockets throw.
  socket.onerror = () => {}

  return {
    send(frames) {
      for (const frame of frames) socket.send(JSON.stringify(frame))
    },
    close() {
      end()
      socket.close(1000, "closed")
    },
  }
}
