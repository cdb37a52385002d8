// Requests that one connection sends without waiting for answers. The runtime ends a connection on which a request comes while an
// answer is pending; the guide says so to publishers, and these tell when it is mended.
import { expect, test } from "bun:test"
import { holdingBackend } from "../support/holding-backend.ts"
import { pollOnce } from "../support/poller.ts"
import { headOf } from "../support/publish.ts"
import { RawConnection } from "../support/raw-tcp.ts"
import { freshChannel, startServer } from "../support/server.ts"

const post = (base: string, path: string, ...headers: string[]): string =>
  [`POST ${path} HTTP/1.1`, `Host: ${new URL(base).host}`, "Content-Length: 1", ...headers, "", "x"].join(
    "\r\n",
  )

test("a probe: the runtime ends a connection on which a request comes before the last one was answered", async () => {
  const answered = Promise.withResolvers<void>()
  let reached = 0
  await using server = Bun.serve({
    development: false,
    port: 0,
    hostname: "127.0.0.1",
    async fetch() {
      reached++
      await answered.promise
      return new Response()
    },
  })
  const base = `http://127.0.0.1:${server.port}`
  await using connection = await RawConnection.open(base)
  connection.send(post(base, "/c") + post(base, "/c"))
  await connection.closed()
  answered.resolve()
  // When both are answered here, the runtime is mended: take the warnings out of the guide (index, engines) and out of
  // decision 4, and the exception out of conformance.redis.test.ts.
  expect([connection.text, reached]).toEqual(["", 1])
})

test("[P4] what was pipelined behind a publish that waits is not published, and a repetition with the key is answered", async () => {
  await using backend = holdingBackend()
  await using server = await startServer({ hooks: [backend.hook] })
  const channel = freshChannel()
  const { cursor } = await headOf(server.base + channel)
  await using connection = await RawConnection.open(server.base)
  const keyed = (key: string): string => post(server.base, channel, `Idempotency-Key: ${key}`)
  connection.send(keyed("first") + keyed("second"))
  await backend.asked.next()
  await connection.closed()
  backend.release()
  const repeat = (key: string): Promise<Response> =>
    fetch(server.base + channel, {
      method: "POST",
      body: new TextEncoder().encode("x"),
      headers: { "Idempotency-Key": key },
    })
  expect([(await repeat("first")).status, (await repeat("second")).status]).toEqual([200, 201])
  expect((await pollOnce(`${server.base}${channel}?after=${cursor}`)).messages).toHaveLength(2)
})
