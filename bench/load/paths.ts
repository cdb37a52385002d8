// Where listeners of each protocol connect: the channel itself, but for Socket.IO, which has one address for all and is
// told the room by the query.
import type { Way } from "./listening.ts"

export function listenPath(way: Way, channel: string): string {
  return way === "socket.io" ? `/socket.io/?EIO=4&transport=websocket&room=${channel}` : channel
}
