// Raw WebSocket: the payload itself, no envelope. Text leaves as text, bytes as bytes.
import type { Protocol } from "./protocol.ts"

export const rawProtocol: Protocol = { index: 1, encode: (message) => message.data }
