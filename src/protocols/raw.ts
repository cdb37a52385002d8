// Raw WebSocket: the payload itself, no envelope. Text leaves as text, bytes as bytes.
import type { Protocol } from "./protocol.ts"

export const rawProtocol: Protocol = { slot: 1, seal: (message) => message.data }
