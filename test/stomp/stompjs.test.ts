// @stomp/stompjs, the client that browsers speak STOMP with, against the server: as its documentation says, with nothing changed.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Client, type IFrame, type IMessage, StompHeaders, Versions } from "@stomp/stompjs"
import { Inbox } from "../support/inbox.ts"
import { publish } from "../support/publish.ts"
import { freshChannel, type OwnServer, startServer } from "../support/server.ts"

let server: OwnServer
beforeAll(async () => {
  server = await startServer({
    onMessage: ({ channel, data }) =>
      channel.startsWith("/app/") ? { publish: false, reply: `heard ${String(data)}` } : undefined,
  })
})
afterAll(() => server[Symbol.asyncDispose]())

/** Connected; deactivated when the block ends. */
async function connected(options: Partial<ConstructorParameters<typeof Client>[0]> = {}) {
  const ready = Promise.withResolvers<IFrame>()
  const errors = new Inbox<IFrame>("errors of stompjs")
  const client = new Client({
    brokerURL: `${server.base.replace(/^http/, "ws")}/_/stomp`,
    reconnectDelay: 0,
    onConnect: ready.resolve,
    onStompError: (frame) => {
      errors.push(frame)
      ready.reject(new Error(frame.headers["message"]))
    },
    onWebSocketClose: () => ready.reject(new Error("closed")),
    ...options,
  })
  ready.promise.catch(() => undefined)
  client.activate()
  const frame = await ready.promise
  return { client, frame, errors, [Symbol.asyncDispose]: () => client.deactivate() }
}

for (const version of ["1.2", "1.1", "1.0"])
  describe(`stompjs in STOMP ${version}`, () => {
    const stompVersions = new Versions([version])

    test("[T2] [T11] connects, and agrees on heart-beats, which 1.0 does not know", async () => {
      await using one = await connected({
        stompVersions,
        heartbeatIncoming: 10_000,
        heartbeatOutgoing: 10_000,
      })
      expect([one.client.connectedVersion, one.frame.headers["heart-beat"]]).toEqual([
        version,
        version === "1.0" ? undefined : "10000,10000",
      ])
    })

    test("[T12] [T13] [T15] [T19] publishes, listens, and is told that it was received", async () => {
      await using one = await connected({ stompVersions })
      const channel = freshChannel("topic")
      const heard = new Inbox<IMessage>("messages")
      const receipts = new Inbox<string>("receipts")
      one.client.watchForReceipt("sub", () => receipts.push("sub"))
      one.client.watchForReceipt("pub", () => receipts.push("pub"))
      one.client.subscribe(channel, (message) => heard.push(message), { receipt: "sub" })
      expect(await receipts.next()).toBe("sub")
      const body = JSON.stringify({ text: "日本: \\ and\nlines" })
      one.client.publish({ destination: channel, body, headers: { receipt: "pub", custom: "a value" } })
      const message = await heard.next()
      expect(await receipts.next()).toBe("pub")
      expect([message.body, message.headers["destination"], message.headers["custom"]]).toEqual([
        body,
        channel,
        "a value",
      ])
      await publish(server.base + channel, "by HTTP")
      expect((await heard.next()).body).toBe("by HTTP")
    })

    test("[T3] [T12] sends and hears bytes, and frames that it splits", async () => {
      await using one = await connected({
        stompVersions,
        splitLargeFrames: true,
        maxWebSocketChunkSize: 1000,
      })
      const channel = freshChannel("topic")
      const heard = new Inbox<IMessage>("messages")
      one.client.subscribe(channel, (message) => heard.push(message))
      const binaryBody = Uint8Array.from({ length: 256 }, (_, index) => index)
      one.client.publish({ destination: channel, binaryBody })
      expect(Array.from((await heard.next()).binaryBody)).toEqual(Array.from(binaryBody))
      const long = "é".repeat(10_000)
      one.client.publish({ destination: channel, body: long })
      expect((await heard.next()).body).toBe(long)
    })

    test("[T16] acknowledges with the message's own ack()", async () => {
      await using one = await connected({ stompVersions })
      const channel = freshChannel("topic")
      const heard = new Inbox<IMessage>("messages")
      const headers: StompHeaders = { ack: "client", "prefetch-count": "1" }
      one.client.subscribe(channel, (message) => heard.push(message), headers)
      for (const text of ["a", "b", "c"]) one.client.publish({ destination: channel, body: text })
      for (const text of ["a", "b", "c"]) {
        const message = await heard.next()
        expect(message.body).toBe(text)
        message.ack()
      }
    })

    test("[T18] publishes in a transaction", async () => {
      await using one = await connected({ stompVersions })
      const channel = freshChannel("topic")
      const heard = new Inbox<IMessage>("messages")
      one.client.subscribe(channel, (message) => heard.push(message))
      const transaction = one.client.begin()
      one.client.publish({ destination: channel, body: "in it", headers: { transaction: transaction.id } })
      one.client.publish({ destination: channel, body: "before it" })
      transaction.commit()
      expect([(await heard.next()).body, (await heard.next()).body]).toEqual(["before it", "in it"])
    })

    test("[T24] is answered by the application", async () => {
      await using one = await connected({ stompVersions })
      const heard = new Inbox<IMessage>("answers")
      one.client.subscribe("/user/queue/seckill", (message) => heard.push(message))
      one.client.publish({ destination: "/app/seckill", body: "42" })
      const answer = await heard.next()
      expect([answer.body, answer.headers["destination"]]).toEqual(["heard 42", "/user/queue/seckill"])
    })

    test("[T20] is told what was wrong", async () => {
      await using one = await connected({ stompVersions })
      one.client.publish({ destination: "/no//channel", body: "x" })
      expect((await one.errors.next()).headers["code"]).toBe("bad_channel")
    })
  })
