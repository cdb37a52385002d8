// STOMP on a cluster: whichever node one is connected to.
import { expect, test } from "bun:test"
import { publish, publishAll } from "../support/publish.ts"
import { RedisProcess } from "../support/redis-servers.ts"
import { startServer } from "../support/server.ts"
import { bodyText, connectStomp, openStompTcp } from "../support/stomp.ts"

test("[T12] [T14] [T23] what is sent at one node is heard at another, with its headers; so are users, and one goes on at another from a cursor", async () => {
  await using redis = await RedisProcess.start()
  const options = { engine: redis.url, stomp: { tcp: 0 } }
  await using a = await startServer(options)
  await using b = await startServer(options)
  await using sender = await openStompTcp(a.laba.stompPort as number)
  await sender.connect()
  await using listener = await connectStomp(b.base)
  await listener.subscribe("/topic/x", { ack: "client", "prefetch-count": 2 })
  await listener.subscribe("/user/queue/news", { id: "1" })
  const session = listener.frames.seen[0]?.headers["session"] as string
  const texts = ["one: 日本", "two", "three", "four"]
  for (const text of texts) sender.send("SEND", { destination: "/topic/x", "x:colour": `of ${text}` }, text)
  const heard: string[] = []
  let cursor = ""
  for (const text of texts) {
    const { headers, body } = await listener.frame("MESSAGE")
    heard.push(new TextDecoder().decode(body))
    expect(headers["x:colour"]).toBe(`of ${text}`)
    cursor ||= headers["cursor"] ?? ""
    listener.send("ACK", { id: headers["ack"] as string })
  }
  expect(heard).toEqual(texts)
  sender.send("SEND", { destination: `/user/${session}/queue/news` }, "for one connection")
  expect(bodyText(await listener.frame("MESSAGE"))).toBe("for one connection")
  await using elsewhere = await connectStomp(a.base)
  expect((await elsewhere.subscribe("/topic/x", { after: cursor }))["recovered"]).toBe("true")
  for (const text of texts.slice(1)) {
    const frame = await elsewhere.frame("MESSAGE")
    expect([bodyText(frame), frame.headers["x:colour"]]).toEqual([text, `of ${text}`])
  }
}, 30_000)

test("[T14] [T16] behind a reset comes nothing from before it, though it waited for acknowledgements", async () => {
  await using redis = await RedisProcess.start()
  await using server = await startServer({ engine: redis.url })
  await using client = await connectStomp(server.base)
  const channel = "/topic/x"
  await client.subscribe(channel, { ack: "client-individual", "prefetch-count": 1, after: "" })
  await publishAll(server.base + channel, ["1", "2"])
  const first = await client.frame("MESSAGE")
  await redis.flush()
  await publish(server.base + channel, "3")
  expect((await client.frame("MESSAGE")).headers["reset"]).toBe("epoch")
  client.send("ACK", { id: first.headers["ack"] as string })
  await publish(server.base + channel, "4")
  const next = await client.frame("MESSAGE")
  expect(bodyText(next)).not.toBe("2")
}, 30_000)
