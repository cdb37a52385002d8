// The WebSocket transport: one frame a message, subprotocol laba.v1.
import { labaSubprotocol } from "../../wire/frames.ts"
import { networkReason, reasonOfClose } from "../reason.ts"
import { parseFrame, type Transport } from "./transport.ts"

export const openWebSocket: Transport = (site, ear) => {
  if (!site.socket) throw new Error("there is no WebSocket here")
  // http becomes ws, https becomes wss.
  const socket = site.socket(`${site.base.replace(/^http/, "ws")}/_/ws`, [labaSubprotocol])
  let isOpen = false
  let isOver = false
  const end = (): void => {
    isOver = true
    // Some sockets deliver what they still hold after close().
    socket.onmessage = socket.onclose = socket.onerror = null
  }

  socket.onopen = () => {
    isOpen = true
  }
  socket.onmessage = (event: { data: unknown }) => {
    const frame = parseFrame(event.data)
    if (frame) ear.frame(frame)
    else ear.alive()
  }
  socket.onclose = (event: { code: number; reason: string }) => {
    if (isOver) return
    end()
    ear.lost(
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
      socket.onerror = () => {}
      socket.close(1000, "closed")
    },
  }
}
