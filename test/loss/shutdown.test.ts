// SIGTERM: everybody is told to come back, what was published before is heard, and the process ends.
import { describe, expect, test } from "bun:test"
import { textOf } from "../support/heard.ts"
import { holdingBackend } from "../support/holding-backend.ts"
import { connectByLaba } from "../support/laba-socket.ts"
import { type ServerProcess, startProcess } from "../support/process.ts"
import { headOf, publish } from "../support/publish.ts"
import { listenByRawSocket } from "../support/raw-socket.ts"
import { freshChannel, startServer } from "../support/server.ts"
import { listenBySse } from "../support/sse-stream.ts"

const start = (drainSeconds = 1): Promise<ServerProcess> =>
  startProcess({ config: { limits: { drainSeconds } } })

const untilListeners = async (url: string, count: number): Promise<void> => {
  while ((await headOf(url)).listeners < count) await Bun.sleep(5)
}

function holdPoll(url: string): Promise<Response> {
  const poll = fetch(`${url}?wait=25`)
  // Where a test fails before it comes to its poll, the poll's end must not fail the next one.
  poll.catch(() => {})
  return poll
}

describe("a graceful shutdown", () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`on ${signal} sends every listener away with a word, and exits with 0`, async () => {
      await using server = await start()
      const url = `${server.base}/c`
      await using socket = await listenByRawSocket(url)
      await using laba = await connectByLaba(url)
      await using stream = await listenBySse(url)
      await using many = await listenBySse(`${server.base}/_/events?channel=/c`)
      const poll = holdPoll(url)
      await untilListeners(url, 5)
      server.signal(signal)
      expect(await socket.end()).toMatchObject({ number: 1012, code: "shutting_down" })
      expect(await laba.end()).toMatchObject({ number: 1012, code: "shutting_down" })
      await stream.end()
      await many.end()
      // The first `retry:` came with the beginning of the stream.
      expect(stream.retries.length).toBeGreaterThan(1)
      expect(many.retries.length).toBeGreaterThan(1)
      expect([200, 503]).toContain((await poll).status)
      expect(await server.exited).toBe(0)
    }, 60_000)
  }

  test("loses no message that was answered before the signal", async () => {
    await using server = await start()
    const url = `${server.base}/c`
    await using socket = await listenByRawSocket(url)
    await using stream = await listenBySse(url)
    const poll = holdPoll(url)
    await untilListeners(url, 3)
    await publish(url, "the last word")
    server.signal("SIGTERM")
    expect(textOf(await socket.message())).toBe("the last word")
    expect(textOf(await stream.message())).toBe("the last word")
    expect(await (await poll).json()).toMatchObject({ messages: [{ data: "the last word" }] })
    expect(await server.exited).toBe(0)
  }, 60_000)

  test("gives out what was published before it sends anybody away", async () => {
    await using server = await startServer()
    const channel = freshChannel()
    const url = server.base + channel
    await using socket = await listenByRawSocket(url)
    await using laba = await connectByLaba(url)
    await using stream = await listenBySse(url)
    const poll = holdPoll(url)
    await untilListeners(url, 4)
    await server.laba.publish(channel, "the last word")
    await server.laba.close()
    for (const listener of [socket, laba, stream])
      expect(textOf(await listener.message())).toBe("the last word")
    expect(await (await poll).json()).toMatchObject({ messages: [{ data: "the last word" }] })
  }, 60_000)

  test("answers the requests and takes the messages that wait for a slow backend", async () => {
    await using backend = holdingBackend()
    await using server = await startServer({ limits: { drainSeconds: 30 }, hooks: [backend.hook] })
    const url = server.base + freshChannel()
    await using socket = await listenByRawSocket(url)
    socket.socket.send("by a socket")
    await backend.asked.next()
    const answer = fetch(url, { method: "POST", body: "by a request" })
    await backend.asked.next()
    const closed = server.laba.close()
    expect(await socket.end()).toMatchObject({ number: 1012 })
    // Longer than the last words may take, after which everybody is cut.
    await Bun.sleep(1500)
    backend.release()
    expect((await answer).status).toBe(201)
    await closed
    expect(server.laba.counters.published).toBe(2)
  }, 60_000)

  test("waits for a backend that never answers no longer than `drainSeconds`", async () => {
    await using backend = holdingBackend()
    await using server = await startServer({ limits: { drainSeconds: 1 }, hooks: [backend.hook] })
    const answer = fetch(server.base + freshChannel(), { method: "POST", body: "x" }).catch(() => "cut")
    await backend.asked.next()
    await server.laba.close()
    expect(await answer).toBe("cut")
  }, 60_000)

  test("accepts nobody new while it drains", async () => {
    await using server = await start(3)
    const url = `${server.base}/c`
    await using _socket = await listenByRawSocket(url)
    server.signal("SIGTERM")
    const giveUpAt = Date.now() + 20_000
    const isRefused = async () => {
      const response = await fetch(url, { headers: { connection: "close" } }).catch(() => null)
      return response === null || response.status === 503
    }
    while (!(await isRefused()) && Date.now() < giveUpAt) await Bun.sleep(20)
    expect(await isRefused()).toBeTrue()
  }, 60_000)

  test("exits at once on a second signal, whoever still listens", async () => {
    await using server = await start(600)
    const url = `${server.base}/c`
    const sockets = await Promise.all(Array.from({ length: 20 }, () => listenByRawSocket(url)))
    server.signal("SIGTERM")
    // The first to be sent away tells that the first signal was taken.
    await Promise.race(sockets.map((socket) => socket.end()))
    // The launcher takes the same signal within half a second for a copy of the first: npm and the terminal both send one.
    await Bun.sleep(700)
    server.signal("SIGTERM")
    const deadline = Bun.sleep(20_000).then(() => "still running")
    expect(await Promise.race([server.exited, deadline])).not.toBe("still running")
    for (const socket of sockets) await socket[Symbol.asyncDispose]()
  }, 60_000)

  test("exits at once when nobody listens", async () => {
    await using server = await start(600)
    await publish(`${server.base}/c`, "x")
    server.signal("SIGTERM")
    const deadline = Bun.sleep(20_000).then(() => "still running")
    expect(await Promise.race([server.exited, deadline])).toBe(0)
  }, 60_000)
})
