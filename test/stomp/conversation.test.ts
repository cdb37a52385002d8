// STOMP over a WebSocket: connecting, sending, listening, receipts and the end.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { freshChannel, type OwnServer, startServer } from "../support/server.ts"
import { publish } from "../support/publish.ts"
import { bodyText, connectStomp, openStompSocket } from "../support/stomp.ts"

let server: OwnServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

describe("connecting", () => {
  test("[T9] (1.1, 1.2 «CONNECTED Frame») is answered with version, session, server and heart-beats; no `host` is needed", async () => {
    await using client = await openStompSocket(server.base)
    client.send("CONNECT", { "accept-version": "1.2,1.1,1.0", "heart-beat": "0,0" })
    const { headers } = await client.frame("CONNECTED")
    expect(headers).toEqual({
      version: "1.2",
      "heart-beat": "10000,10000",
      session: expect.stringMatching(/^\w+-\w+-/),
      server: expect.stringMatching(/^laba\/\d/),
    })
  })

  test("[T2] the version is the highest common one, 1.0 without `accept-version`, and STOMP does as CONNECT", async () => {
    const versionOf = async (command: string, headers: Record<string, string>) => {
      await using client = await openStompSocket(server.base)
      client.send(command, headers)
      return (await client.frame("CONNECTED")).headers["version"]
    }
    expect(await versionOf("CONNECT", { "accept-version": "1.0,1.1,2.0" })).toBe("1.1")
    expect(await versionOf("CONNECT", {})).toBe("1.0")
    expect(await versionOf("STOMP", { "accept-version": "1.2" })).toBe("1.2")
  })

  test("[T2] without a common version the ERROR names those that are spoken, and the connection ends", async () => {
    await using client = await openStompSocket(server.base)
    client.send("CONNECT", { "accept-version": "2.1" })
    const { headers, body } = await client.frame("ERROR")
    expect([headers["version"], headers["code"], body.length > 0]).toEqual(["1.0,1.1,1.2", "bad_frame", true])
    expect(await client.ended.promise).toEqual({ code: 4003, reason: "bad_frame" })
  })

  test("[T1] the subprotocol is the newest offered, at /_/stomp and at any channel; none is needed at /_/stomp", async () => {
    const spoken = async (path: string, protocols: readonly string[]) => {
      await using client = await openStompSocket(server.base, { path, protocols })
      await client.connect()
      return client.socket.protocol
    }
    expect(await spoken("/_/stomp", ["v10.stomp", "v12.stomp", "v11.stomp"])).toBe("v12.stomp")
    expect(await spoken("/orders/42", ["v10.stomp", "v11.stomp"])).toBe("v11.stomp")
    expect(await spoken("/_/stomp", [])).toBe("")
    expect(openStompSocket(server.base, { protocols: ["soap"] })).rejects.toThrow("refused")
  })

  test("[T9] what comes before CONNECT, and a second CONNECT, is an error", async () => {
    await using early = await openStompSocket(server.base)
    early.send("SUBSCRIBE", { id: "0", destination: "/a" })
    expect(await early.errorCode()).toBe("bad_frame")
    await using twice = await connectStomp(server.base)
    twice.send("CONNECT", { "accept-version": "1.2" })
    expect(await twice.errorCode()).toBe("bad_frame")
  })
})

describe("sending and listening", () => {
  test("[T12] [T13] [T15] what is sent reaches who listens, by HTTP too, and what is published by HTTP reaches STOMP", async () => {
    const channel = freshChannel("topic")
    await using listener = await connectStomp(server.base)
    expect(await listener.subscribe(channel, { id: "sub-7" })).toMatchObject({
      "receipt-id": "subscribed",
      history: "kept",
    })
    await using sender = await connectStomp(server.base)
    sender.send(
      "SEND",
      { destination: channel, "content-type": "application/json;charset=UTF-8" },
      '{"a": 1}',
    )
    const first = await listener.frame("MESSAGE")
    expect([first.headers, bodyText(first)]).toEqual([
      {
        subscription: "sub-7",
        destination: channel,
        "message-id": expect.any(String),
        "content-type": "application/json",
        "content-length": "8",
        cursor: expect.any(String),
      },
      '{"a": 1}',
    ])
    const answer = await publish(server.base + channel, "by HTTP: 日本")
    const second = await listener.frame("MESSAGE")
    expect([second.headers["message-id"], second.headers["cursor"], bodyText(second)]).toEqual([
      answer.id,
      answer.cursor,
      "by HTTP: 日本",
    ])
    const newest = await fetch(server.base + channel)
    expect(await newest.text()).toBe("by HTTP: 日本")
  })

  test("[T12] (1.1, 1.2 «SEND») the publisher's own headers are passed on, escaped by each reader's version, and ours cannot be forged", async () => {
    const channel = freshChannel("topic")
    await using listener = await connectStomp(server.base)
    await listener.subscribe(channel)
    listener.send(
      "SEND",
      {
        destination: channel,
        "x:colour": "red: dark\n",
        reset: "trimmed",
        cursor: "forged",
        "message-id": "forged",
        " reset ": "trimmed",
        Authorization: "Bearer secret",
        passcode: "secret",
        Login: "secret",
      },
      "hello",
    )
    const { headers } = await listener.frame("MESSAGE")
    expect(JSON.stringify(headers)).not.toMatch(/secret|trimmed/)
    expect(headers).toMatchObject({ "x:colour": "red: dark\n" })
    expect([headers["reset"], headers["cursor"] === "forged", headers["message-id"] === "forged"]).toEqual([
      undefined,
      false,
      false,
    ])
  })

  test("[T12] bytes without a type arrive as they were sent", async () => {
    const channel = freshChannel("topic")
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
    await using client = await connectStomp(server.base)
    await client.subscribe(channel)
    client.send("SEND", { destination: channel, "content-length": 256 }, bytes)
    const { body, headers } = await client.frame("MESSAGE")
    expect([Array.from(body), headers["content-type"]]).toEqual([
      Array.from(bytes),
      "application/octet-stream",
    ])
  })

  test("[T13] (1.1, 1.2 «SUBSCRIBE id Header») two subscriptions to one destination are told apart, and each ends by itself", async () => {
    const channel = freshChannel("topic")
    await using client = await connectStomp(server.base)
    await client.subscribe(channel, { id: "a" })
    await client.subscribe(channel, { id: "b" })
    await publish(server.base + channel, "one")
    expect(
      new Set([
        (await client.frame("MESSAGE")).headers["subscription"],
        (await client.frame("MESSAGE")).headers["subscription"],
      ]),
    ).toEqual(new Set(["a", "b"]))
    client.send("UNSUBSCRIBE", { id: "a", receipt: "left" })
    await client.frame("RECEIPT")
    await publish(server.base + channel, "two")
    expect((await client.frame("MESSAGE")).headers["subscription"]).toBe("b")
    client.send("SEND", { destination: channel, receipt: "sent" }, "three")
    const both = [await client.frames.next(), await client.frames.next()]
    expect(both.map(({ command }) => command).sort()).toEqual(["MESSAGE", "RECEIPT"])
  })
})

describe("STOMP 1.0", () => {
  test("[T13] (1.0 «SUBSCRIBE», «UNSUBSCRIBE») a subscription needs no id: its MESSAGE names none, and its destination ends it", async () => {
    const channel = freshChannel("topic")
    await using client = await connectStomp(server.base, { "accept-version": "1.0" })
    client.send("SUBSCRIBE", { destination: channel, receipt: "in" })
    await client.frame("RECEIPT")
    await publish(server.base + channel, "heard")
    const { headers } = await client.frame("MESSAGE")
    expect([headers["destination"], "subscription" in headers]).toEqual([channel, false])
    client.send("UNSUBSCRIBE", { destination: channel, receipt: "out" })
    await client.frame("RECEIPT")
    await publish(server.base + channel, "unheard")
    client.send("SEND", { destination: freshChannel("other"), receipt: "end" }, "x")
    expect((await client.frame("RECEIPT")).headers["receipt-id"]).toBe("end")
  })

  test("[T16] (1.0 «SUBSCRIBE») knows neither NACK nor client-individual", async () => {
    for (const [command, headers] of [
      ["NACK", { "message-id": "x" }],
      ["SUBSCRIBE", { destination: "/a", ack: "client-individual" }],
    ] as const) {
      await using client = await connectStomp(server.base, { "accept-version": "1.0" })
      client.send(command, headers)
      expect(await client.errorCode()).toBe("bad_frame")
    }
  })
})

describe("receipts and the end", () => {
  test("[T19] (1.1, 1.2 «Header receipt») any frame but CONNECT is answered with a RECEIPT when it asks for one", async () => {
    const channel = freshChannel("topic")
    await using client = await connectStomp(server.base, { receipt: "none" })
    client.send("BEGIN", { transaction: "t", receipt: "begun" })
    client.send("SEND", { destination: channel, transaction: "t", receipt: "sent: 1" }, "x")
    client.send("COMMIT", { transaction: "t", receipt: "done" })
    const receipts = [
      await client.frame("RECEIPT"),
      await client.frame("RECEIPT"),
      await client.frame("RECEIPT"),
    ]
    expect(receipts.map(({ headers }) => headers["receipt-id"])).toEqual(["begun", "sent: 1", "done"])
  })

  test("[T21] (1.1, 1.2 «DISCONNECT») DISCONNECT is answered, then the connection ends; what comes behind it is not done", async () => {
    const channel = freshChannel("topic")
    await using client = await connectStomp(server.base)
    client.send("DISCONNECT", { receipt: "bye" })
    client.send("SEND", { destination: channel }, "too late")
    expect((await client.frame("RECEIPT")).headers["receipt-id"]).toBe("bye")
    expect((await client.ended.promise).code).toBe(1000)
    expect((await fetch(server.base + channel)).status).toBe(204)
  })

  test("[T20] (1.1, 1.2 «ERROR») an ERROR has message, code, retry and the receipt's id, a body that says more, and is the end", async () => {
    await using client = await connectStomp(server.base)
    client.send("SEND", { destination: "/a//b", receipt: "r-1" }, "x")
    const { headers, body } = await client.frame("ERROR")
    expect(headers).toEqual({
      message: "The channel name is not allowed.",
      code: "bad_channel",
      retry: "stay-away",
      "receipt-id": "r-1",
      "content-type": "text/plain",
      "content-length": String(body.length),
    })
    expect(await client.ended.promise).toEqual({ code: 4001, reason: "bad_channel" })
  })
})
