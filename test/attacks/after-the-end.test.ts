// What stands behind the message that ends a connection, in the same packet, is not done any more.
import { expect, test } from "bun:test"
import { freshChannel, startServer } from "../support/server.ts"
import { clientFrame, openRawWebSocket } from "../support/websocket-frames.ts"

const text = (value: string): Uint8Array => clientFrame(1, new TextEncoder().encode(value))

test("[L14] a laba.v1 frame behind the one that ends the connection is not carried out", async () => {
  await using server = await startServer()
  const channel = freshChannel()
  await using socket = await openRawWebSocket(server.base, "/_/ws", "laba.v1")
  const publish = JSON.stringify({ op: "publish", ref: 1, channel, data: "behind" })
  socket.send(Buffer.concat([text("no frame"), text(publish)]))
  await socket.closed()
  expect((await fetch(server.base + channel)).status).toBe(204)
})

test("[W6] a raw message behind the one that ends the connection is not published", async () => {
  await using server = await startServer({ limits: { messageBytesMax: 100 } })
  const channel = freshChannel()
  await using socket = await openRawWebSocket(server.base, channel)
  socket.send(Buffer.concat([text("x".repeat(101)), text("behind")]))
  await socket.closed()
  expect((await fetch(server.base + channel)).status).toBe(204)
})
