// STOMP's transactions: nothing before COMMIT, all checks before anything, then one after the other.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { eventually } from "../support/eventually.ts"
import { numbers, publishAll } from "../support/publish.ts"
import { freshChannel, type OwnServer, startServer } from "../support/server.ts"
import { bodyText, connectStomp } from "../support/stomp.ts"

let server: OwnServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

test("[T18] (1.1, 1.2 «BEGIN», «COMMIT») what is sent in one is published at its COMMIT, in order, and is forgotten at an ABORT", async () => {
  const channel = freshChannel("topic")
  await using listener = await connectStomp(server.base)
  await listener.subscribe(channel)
  await using client = await connectStomp(server.base)
  for (const name of ["kept", "dropped"]) {
    client.send("BEGIN", { transaction: name })
    client.send("SEND", { destination: channel, transaction: name }, `${name} 1`)
    client.send("SEND", { destination: channel, transaction: name, receipt: name }, `${name} 2`)
    await client.frame("RECEIPT")
  }
  expect(listener.frames.ready).toBe(0)
  client.send("ABORT", { transaction: "dropped" })
  client.send("COMMIT", { transaction: "kept", receipt: "done" })
  await client.frame("RECEIPT")
  for (const text of ["kept 1", "kept 2"]) expect(bodyText(await listener.frame("MESSAGE"))).toBe(text)
  client.send("BEGIN", { transaction: "kept", receipt: "again" })
  await client.frame("RECEIPT")
})

describe("that may not be done as a whole", () => {
  /** Everything but its last frame may be done. Publishes nothing, whatever the last one is refused for. */
  const refusals: readonly [
    why: string,
    last: Readonly<Record<string, string>>,
    body: string,
    code: string,
  ][] = [
    ["a right that is missing", { destination: "/closed/x" }, "x", "forbidden"],
    ["a pace", {}, "x", "too_many_requests"],
    ["its size, at its SEND", {}, "x".repeat(5000), "too_large"],
    ["its form", { "content-type": "application/json" }, "{", "bad_json"],
  ]
  for (const [why, last, body, code] of refusals)
    test(`[T18] is not done at all: one is refused for ${why}`, async () => {
      await using own = await startServer({
        channels: { "/closed/**": { publish: "nobody" } },
        limits: {
          messageBytesMax: 4096,
          ...(code === "too_many_requests" && { publishesPerChannelPerSecond: 3 }),
        },
      })
      const channel = freshChannel("topic")
      await using listener = await connectStomp(own.base)
      await listener.subscribe(channel)
      await using client = await connectStomp(own.base)
      client.send("BEGIN", { transaction: "t" })
      for (const text of numbers(3)) client.send("SEND", { destination: channel, transaction: "t" }, text)
      client.send("SEND", { destination: channel, ...last, transaction: "t" }, body)
      client.send("COMMIT", { transaction: "t", receipt: "done" })
      const { headers } = await client.frame("ERROR")
      expect([headers["code"], headers["receipt-id"]]).toEqual([
        code,
        code === "too_large" ? undefined : "done",
      ])
      expect(own.laba.counters.published).toBe(0)
      expect(listener.frames.ready).toBe(0)
    })

  test("[T18] an ACK of what is not there keeps what is sent before it from being published", async () => {
    const channel = freshChannel("topic")
    await using client = await connectStomp(server.base)
    client.send("BEGIN", { transaction: "t" })
    client.send("SEND", { destination: channel, transaction: "t" }, "never")
    client.send("ACK", { id: "1-x", transaction: "t" })
    client.send("COMMIT", { transaction: "t" })
    expect(await client.errorCode()).toBe("bad_frame")
    expect((await fetch(server.base + channel)).status).toBe(204)
  })

  test("[T18] what the application refuses, asked when its turn comes, ends it there: what came before stands", async () => {
    await using own = await startServer({
      onMessage: ({ data }) => (data === "2" ? { refuse: { detail: "no" } } : undefined),
    })
    const channel = freshChannel("topic")
    await using client = await connectStomp(own.base)
    client.send("BEGIN", { transaction: "t" })
    for (const text of numbers(3)) client.send("SEND", { destination: channel, transaction: "t" }, text)
    client.send("COMMIT", { transaction: "t" })
    expect(await client.errorCode()).toBe("forbidden")
    expect(await (await fetch(own.base + channel)).text()).toBe("1")
    expect(own.laba.counters.published).toBe(1)
  })

  test("[T18] one message may be acknowledged twice in it, by itself and with what came before", async () => {
    const told: string[] = []
    await using own = await startServer({ onNack: ({ message }) => void told.push(message) })
    const channel = freshChannel("topic")
    await using client = await connectStomp(own.base)
    await client.subscribe(channel, { ack: "client" })
    const published = await publishAll(own.base + channel, numbers(2))
    const [one, two] = [await client.frame("MESSAGE"), await client.frame("MESSAGE")]
    client.send("BEGIN", { transaction: "t" })
    for (const { headers } of [two, one])
      client.send("NACK", { id: headers["ack"] as string, transaction: "t" })
    client.send("COMMIT", { transaction: "t", receipt: "done" })
    await client.frame("RECEIPT")
    await eventually(() => expect(told).toEqual(published.map(({ id }) => id)))
  })
})

test("[T18] others are served between the messages of a long one", async () => {
  await using client = await connectStomp(server.base)
  const channel = freshChannel("topic")
  client.send("BEGIN", { transaction: "t" })
  for (let sent = 0; sent < 2000; sent++) client.send("SEND", { destination: channel, transaction: "t" }, "x")
  client.send("BEGIN", { transaction: "u", receipt: "all there" })
  await client.frame("RECEIPT")
  const before = server.laba.counters.published
  client.send("COMMIT", { transaction: "t", receipt: "done" })
  const turns: number[] = []
  const looking = setInterval(() => void turns.push(server.laba.counters.published - before), 0)
  await client.frame("RECEIPT")
  clearInterval(looking)
  expect(turns.filter((published) => published > 0 && published < 2000).length).toBeGreaterThan(3)
})

test("[T18] [T8] headers count in what the transactions of a connection hold", async () => {
  await using client = await connectStomp(server.base)
  client.send("BEGIN", { transaction: "t" })
  const long = { destination: "/a", transaction: "t", long: "x".repeat(15_000) }
  for (let sent = 0; sent < 200; sent++) client.send("SEND", long, "x")
  expect((await client.frame("ERROR")).headers).toMatchObject({
    code: "too_large",
    limit: "outboxBytesMax",
  })
})

test("[T18] (1.1, 1.2 «BEGIN») one that is not over when the connection ends is aborted", async () => {
  const channel = freshChannel("topic")
  await using client = await connectStomp(server.base)
  client.send("BEGIN", { transaction: "t" })
  client.send("SEND", { destination: channel, transaction: "t" }, "never")
  client.send("DISCONNECT", { receipt: "bye" })
  await client.ended.promise
  expect((await fetch(server.base + channel)).status).toBe(204)
})
