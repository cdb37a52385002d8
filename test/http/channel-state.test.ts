// What a channel says of itself, and how it is deleted, as an HTTP client sees it.
import { expect, test } from "bun:test"
import { freshChannel, startServer } from "../support/server.ts"
import { publish } from "../support/publish.ts"

test("[C10] HEAD says where the channel stands", async () => {
  await using server = await startServer()
  const url = server.base + freshChannel()
  const { cursor } = await publish(url, "one")
  const { headers } = await fetch(url, { method: "HEAD" })
  const said = ["laba-cursor", "laba-history", "laba-history-length", "laba-listeners"].map((name) =>
    headers.get(name),
  )
  expect(said).toEqual([cursor, "kept", "1", "0"])
})

test("[P7, S9] DELETE forgets the history and ends a stream with the reason in an event", async () => {
  await using server = await startServer()
  const channel = freshChannel()
  const url = server.base + channel
  const { cursor } = await publish(url, "one")
  const stream = await fetch(`${url}?after=${cursor}`, { headers: { accept: "text/event-stream" } })
  const deleted = await fetch(url, { method: "DELETE" })
  expect([deleted.status, await deleted.json()]).toEqual([
    200,
    { channel, listeners: 1, clusterListeners: 1, messages: 1 },
  ])
  // The stream has ended, so all of it can be read.
  expect(await stream.text()).toContain(`event: close\ndata: {"code":"deleted","retry":"back-off"}`)
  const { headers } = await fetch(url, { method: "HEAD" })
  expect(headers.get("laba-cursor")?.split("-")[0]).not.toBe(cursor.split("-")[0] as string)
})
