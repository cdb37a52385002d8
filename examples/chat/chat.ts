// An anonymous chat room: `bun examples/chat/chat.ts`, then open the printed address in two windows. The page beside this
// file is all of it; every Laba hands it out at /_/chat, and this one keeps what was said for longer.
import { type Laba, serve } from "laba"

/** Opens the room at a port, 0 for any that is free. */
export function openRoom(port = 0): Promise<Laba> {
  const history = { count: 200, bytes: "256KB", time: "1h" }
  return serve({ listen: { port }, channels: { "/chat/room": { history } } })
}

if (import.meta.main) console.log(`The room is open at ${(await openRoom(8090)).url}/_/chat`)
