// The browser's own surface over one channel, against the real server.
import { expect, test } from "bun:test"
import { type LabaSocketClose, type LabaSocketMessage, LabaSocket } from "../../client/laba-socket.ts"
import { freshChannel, startServer } from "../support/server.ts"

const opened = (socket: LabaSocket): Promise<unknown> => new Promise((resolve) => (socket.onopen = resolve))

function messages(socket: LabaSocket, count: number): Promise<LabaSocketMessage[]> {
  const heard: LabaSocketMessage[] = []
  return new Promise((resolve) => {
    socket.onmessage = (message) => {
      if (heard.push(message) === count) resolve(heard)
    }
  })
}

test("opens, sends, hears and closes with the browser's names and numbers", async () => {
  await using server = await startServer()
  const url = server.base + freshChannel()
  const socket = new LabaSocket(url)
  expect([socket.url, socket.readyState]).toEqual([url, 0])
  await opened(socket)
  expect(socket.readyState).toBe(1)
  const heard = messages(socket, 3)
  socket.send("hello")
  socket.send(new Uint8Array([1, 2]))
  await fetch(url, { method: "POST", body: `{"a":1}`, headers: { "content-type": "application/json" } })
  expect((await heard).map(({ data }) => data)).toEqual(
    expect.arrayContaining(["hello", new Uint8Array([1, 2]), `{"a":1}`]),
  )
  const closed = new Promise<LabaSocketClose>((resolve) => (socket.onclose = resolve))
  socket.close()
  expect(await closed).toEqual({ type: "close", code: 1000, reason: "closed", wasClean: true })
  expect(socket.readyState).toBe(3)
})

test("resumes after the cursor in its URL, as the raw WebSocket does", async () => {
  await using server = await startServer()
  const url = server.base + freshChannel()
  const first = new LabaSocket(url)
  await opened(first)
  const heard = messages(first, 2)
  first.send("1")
  first.send("2")
  const [one] = await heard
  first.close()
  const second = new LabaSocket(`${url.replace("http", "ws")}?after=${one?.lastEventId}`)
  expect((await messages(second, 1)).map(({ data }) => data)).toEqual(["2"])
  second.close()
})

test("tells of what goes wrong by onerror, and closes once when it will not come back", async () => {
  await using server = await startServer()
  const socket = new LabaSocket(`${server.base}/a//b`)
  const closed = new Promise<LabaSocketClose>((resolve) => (socket.onclose = resolve))
  expect(await closed).toEqual({ type: "close", code: 1006, reason: "bad_channel", wasClean: false })

  const lost = new LabaSocket(`${server.base}${freshChannel()}?after=gone-1`)
  const error = await new Promise((resolve) => (lost.onerror = resolve))
  expect(error).toMatchObject({ type: "error", reason: { code: "reset" } })
  lost.close()
})

test("takes text and bytes, and says so of anything else, as it hands out JSON as it was published", async () => {
  await using server = await startServer()
  const url = server.base + freshChannel()
  const socket = new LabaSocket(url)
  await opened(socket)
  const heard = messages(socket, 1)
  for (const wrong of [new Blob(["x"]), { a: 1 }, new Map(), 5])
    expect(() => socket.send(wrong as never)).toThrow(TypeError)
  const body = '{"order": 12345678901234567890}'
  await fetch(url, { method: "POST", body, headers: { "content-type": "application/json" } })
  expect((await heard).map(({ data }) => data)).toEqual([body])
  socket.close()
})
