// Channels and publishes: cursors, resets, iterators and their bound, keys, the queue.
import { expect, test } from "bun:test"
import type { Message } from "../../client/channels/message.ts"
import type { Options } from "../../client/options.ts"
import { printCursor } from "../../wire/cursor.ts"
import { turn } from "../support/fake-clock.ts"
import { startSimulation } from "./simulation.ts"

/** The cursor of a message in the first numbering of `/a`. */
const at = (offset: number): string => printCursor("/a", { epoch: "e1", offset })

const dataOf = (messages: readonly Message[]): unknown[] => messages.map(({ data }) => data)

for (const transport of ["websocket", "sse", "poll"] as const) {
  const only: Options = { transports: [transport] }

  test(`[L3, C8] over ${transport}: listens, loses its connection and resumes without a hole`, async () => {
    const { laba, clock, server, network } = startSimulation(only)
    const heard: Message[] = []
    laba.channel("/a").on("message", (message) => heard.push(message))
    await clock.pass(100)
    server.publish("/a", 1)
    await clock.pass(100)
    network.isUp = false
    network.cut({ isSilent: false })
    await clock.pass(3_000)
    server.publish("/a", 2)
    server.publish("/a", 3)
    network.isUp = true
    await clock.pass(60_000)
    server.publish("/a", 4)
    await clock.pass(100)
    expect(dataOf(heard)).toEqual([1, 2, 3, 4])
  })

  test(`[L5, C6] over ${transport}: tells of a reset and goes on from the tail`, async () => {
    const { laba, clock, server } = startSimulation(only)
    const heard: unknown[] = []
    const channel = laba.channel("/a")
    channel.on("message", ({ data }) => heard.push(data))
    channel.on("reset", ({ reason }) => heard.push(reason))
    await clock.pass(100)
    server.publish("/a", 1)
    await clock.pass(100)
    server.restart({ forgets: true })
    server.publish("/a", "unseen")
    await clock.pass(60_000)
    server.publish("/a", 2)
    await clock.pass(100)
    expect(heard).toEqual([1, "epoch", 2])
    expect(channel.cursor).toBe(server.tail("/a"))
  })

  test(`over ${transport}: publishes and hears itself`, async () => {
    const { laba, clock } = startSimulation(only)
    const channel = laba.channel("/a")
    const heard: Message[] = []
    channel.on("message", (message) => heard.push(message))
    await clock.pass(100)
    const published = laba.publish("/a", { n: 1 })
    await clock.pass(100)
    expect(await published).toMatchObject({ channel: "/a", duplicate: false })
    expect(dataOf(heard)).toEqual([{ n: 1 }])
    expect(heard[0]?.cursor).toBe((await published)?.cursor as string)
  })
}

test("[N4] asks again for an answer to a poll that was lost, and has each message once", async () => {
  const { laba, clock, server, network } = startSimulation({ transports: ["poll"] })
  const heard: Message[] = []
  laba.channel("/a").on("message", (message) => heard.push(message))
  await clock.pass(100)
  network.answersToLose = 2
  server.publish("/a", 1)
  await clock.pass(5_000)
  server.publish("/a", 2)
  await clock.pass(5_000)
  expect(dataOf(heard)).toEqual([1, 2])
  expect(network.attempts).toEqual(["poll"])
})

test("starts after a cursor that it is given", async () => {
  const { laba, clock, server } = startSimulation()
  const { cursor } = server.publish("/a", 1)
  server.publish("/a", 2)
  const channel = laba.channel("/a", { after: cursor })
  const heard: Message[] = []
  channel.on("message", (message) => heard.push(message))
  await clock.pass(100)
  expect(dataOf(heard)).toEqual([2])
  expect(await channel.ready()).toEqual({ cursor, recovered: true, history: "kept" })
})

test("keeps messages for the first listener", async () => {
  const { laba, clock, server } = startSimulation()
  const channel = laba.channel("/a")
  await clock.pass(100)
  server.publish("/a", 1)
  server.publish("/a", 2)
  await clock.pass(100)
  const heard: Message[] = []
  channel.on("message", (message) => heard.push(message))
  server.publish("/a", 3)
  await clock.pass(100)
  expect(dataOf(heard)).toEqual([1, 2, 3])
})

test("a channel that is open is not started elsewhere, and begins anew once nobody uses it any more", async () => {
  const { laba, clock, server } = startSimulation()
  const channel = laba.channel("/a")
  expect(() => laba.channel("/a", { after: "e1-0" })).toThrow("open already")
  await clock.pass(100)
  channel.close()
  expect(channel.state).toBe("closed")
  await clock.pass(100)
  expect(server.listeners("/a")).toBe(0)
  expect(laba.channel("/a", { after: server.tail("/a") }).state).toBe("connecting")
})

test("an iterator gives every message in order, also beyond its bound, and ends with the channel", async () => {
  const { laba, clock, server } = startSimulation({ bufferMax: 10 })
  const channel = laba.channel("/a")
  const heard: unknown[] = []
  let isOver = false
  const reading = (async () => {
    for await (const { data } of channel) {
      heard.push(data)
      // Slower than what comes.
      await new Promise<void>((resolve) => clock.after(20, resolve))
    }
    isOver = true
  })()
  await clock.pass(100)
  for (let n = 0; n < 100; n++) server.publish("/a", n)
  await clock.pass(100)
  // It rests: the server holds no more for it than what was under way.
  expect(channel.state).toBe("idle")
  expect(server.listeners("/a")).toBe(0)
  await clock.pass(10_000)
  expect(heard).toEqual(Array.from({ length: 100 }, (_, n) => n))
  channel.close()
  await clock.pass(100)
  await reading
  expect(isOver).toBe(true)
})

test("[L6] a reset ends an iterator after what came before it, unless a listener takes it", async () => {
  const { laba, clock, server } = startSimulation()
  const channel = laba.channel("/a")
  const heard: unknown[] = []
  const reading = (async () => {
    for await (const { data } of channel) heard.push(data)
  })()
  reading.catch(() => {})
  await clock.pass(100)
  server.publish("/a", 1)
  server.tell("/a", { op: "reset", channel: "/a", cursor: server.tail("/a"), reason: "trimmed" })
  await clock.pass(100)
  expect(heard).toEqual([1])
  await expect(reading).rejects.toMatchObject({ code: "reset" })

  channel.on("reset", ({ reason }) => heard.push(reason))
  const going = (async () => {
    for await (const { data } of channel) heard.push(data)
  })()
  server.tell("/a", { op: "reset", channel: "/a", cursor: server.tail("/a"), reason: "trimmed" })
  await clock.pass(100)
  server.publish("/a", 2)
  await clock.pass(100)
  expect(heard).toEqual([1, "trimmed", 2])
  channel.close()
  await going
})

test("[L5] is told of a reset also when the connection breaks between the answer and the reset", async () => {
  const { laba, clock, server, network } = startSimulation()
  const channel = laba.channel("/a")
  const resets: unknown[] = []
  channel.on("reset", ({ reason }) => resets.push(reason))
  await clock.pass(100)
  server.restart({ forgets: true })
  await clock.pass(60_000)
  expect(resets).toEqual(["epoch"])

  server.restart({ forgets: true })
  // The frames that follow the first `subscribed` are lost with its connection.
  const off = channel.on("state", ({ state }) => {
    if (state !== "open") return
    off()
    network.cut({ isSilent: false })
  })
  await clock.pass(60_000)
  expect(resets).toEqual(["epoch", "epoch"])
  expect(channel.cursor).toBe(server.tail("/a"))
})

test("a reset that nobody listens for is reported, never passed over", async () => {
  const { laba, clock, server, reported } = startSimulation()
  laba.channel("/a").on("message", () => {})
  await clock.pass(100)
  server.tell("/a", { op: "reset", channel: "/a", cursor: server.tail("/a"), reason: "trimmed" })
  await clock.pass(100)
  expect(reported).toMatchObject([{ code: "reset" }])
})

test("leaving a loop early lets the rest of the application go on", async () => {
  const { laba, clock, server } = startSimulation({ bufferMax: 4 })
  const channel = laba.channel("/a")
  const heard: unknown[] = []
  channel.on("message", ({ data }) => heard.push(data))
  const reading = (async () => {
    for await (const { data } of channel) if (data === 1) break
  })()
  await clock.pass(100)
  for (let n = 0; n < 20; n++) server.publish("/a", n)
  await clock.pass(1_000)
  await reading
  expect(heard).toEqual(Array.from({ length: 20 }, (_, n) => n))
})

test("an error in a callback stops neither the other listeners nor the connection", async () => {
  const { laba, clock, server, reported } = startSimulation()
  const channel = laba.channel("/a")
  const heard: unknown[] = []
  channel.on("message", () => {
    throw new Error("mine")
  })
  channel.on("message", ({ data }) => heard.push(data))
  channel.on("state", () => {
    throw new Error("mine too")
  })
  await clock.pass(100)
  server.publish("/a", 1)
  server.publish("/a", 2)
  await clock.pass(100)
  expect(heard).toEqual([1, 2])
  expect(reported.map(String)).toEqual(["Error: mine too", "Error: mine too", "Error: mine", "Error: mine"])
  expect(laba.state).toBe("open")
})

test("keeps publishes while the network is away, and sends them in order", async () => {
  const { laba, clock, server, network } = startSimulation({}, ({ network }) => {
    network.isUp = false
  })
  const published = [laba.publish("/a", 1), laba.publish("/a", 2), laba.channel("/a").publish(3)]
  await clock.pass(5_000)
  network.isUp = true
  await clock.pass(30_000)
  const offsets = (await Promise.all(published)).map((one) => one?.cursor)
  expect(offsets).toEqual([at(1), at(2), at(3)])
  expect(server.tail("/a")).toBe(at(3))
})

test("[L9, P4] sends a publish again under the same key when its answer was lost, and it is published once", async () => {
  const { laba, clock, server, network } = startSimulation()
  await clock.pass(100)
  const published = laba.publish("/a", 1)
  // It has arrived; its answer has not.
  await clock.pass(6)
  expect(server.tail("/a")).toBe(at(1))
  network.cut({ isSilent: false })
  await clock.pass(3_000)
  expect(await published).toMatchObject({ cursor: at(1), duplicate: true })
  expect(server.tail("/a")).toBe(at(1))
})

test("refuses publishes beyond its bounds, and gives up on one that is never answered", async () => {
  const bounds = { publishesMax: 2, publishBytesMax: 100 }
  const { laba, clock } = startSimulation(bounds, ({ network }) => {
    network.isUp = false
  })
  await expect(laba.publish("/a", "x".repeat(101))).rejects.toMatchObject({
    code: "queue_full",
    retry: "back-off",
  })
  const waiting = [laba.publish("/a", 1), laba.publish("/a", 2)]
  for (const one of waiting) one.catch(() => {})
  await expect(laba.publish("/a", 3)).rejects.toMatchObject({ code: "queue_full" })
  await clock.pass(101_000)
  for (const one of waiting) await expect(one).rejects.toMatchObject({ code: "timeout" })
  const next = laba.publish("/a", 3)
  laba.close()
  await expect(next).rejects.toMatchObject({ code: "closed" })
})

test("refuses a message that the server would refuse for its size, and stays connected", async () => {
  const { laba, clock, network } = startSimulation({}, ({ server }) => {
    server.messageBytesMax = 10
  })
  await clock.pass(100)
  await expect(laba.publish("/a", "喇叭喇叭")).rejects.toMatchObject({ code: "too_large" })
  await clock.pass(1_000)
  expect(network.attempts.length).toBe(1)
})

test("refuses it also when it was kept from before the limit was known", async () => {
  const { laba, clock, network, server } = startSimulation({}, ({ server }) => {
    server.messageBytesMax = 10
  })
  const published = laba.publish("/a", "喇叭喇叭")
  published.catch(() => {})
  const next = laba.publish("/a", "fits")
  await clock.pass(1_000)
  await expect(published).rejects.toMatchObject({ code: "too_large" })
  expect(await next).toMatchObject({ cursor: server.tail("/a") })
  expect(network.attempts.length).toBe(1)
})

const ada = { user: "ada", since: 1 }
const bob = { user: "bob", since: 2 }

test("says who is there", async () => {
  const { laba, clock, server } = startSimulation()
  server.present.set("/a", [ada])
  const channel = laba.channel("/a")
  await expect(channel.presence()).rejects.toMatchObject({ code: "network" })
  await clock.pass(100)
  const members = channel.presence()
  await clock.pass(100)
  expect(await members).toEqual([ada])
  await turn()
})

test("tells who came and who left, and what happened while the connection was away", async () => {
  const { laba, clock, server, network } = startSimulation()
  server.present.set("/a", [ada])
  const channel = laba.channel("/a")
  const events: unknown[] = []
  channel.on("presence", (members) => events.push(members.map(({ user }) => user)))
  const offJoin = channel.on("join", ({ user }) => events.push(`${user} came`))
  const offLeave = channel.on("leave", ({ user }) => events.push(`${user} left`))
  await clock.pass(100)
  expect(events.splice(0)).toEqual([["ada"]])
  server.come("/a", bob)
  // What the list has said already is not news.
  server.come("/a", bob)
  await clock.pass(100)
  expect(events.splice(0)).toEqual(["bob came", ["ada", "bob"]])
  server.present.set("/a", [bob])
  network.cut({ isSilent: false })
  await clock.pass(2_000)
  expect(events.splice(0)).toEqual(["ada left", ["bob"]])
  offJoin()
  offLeave()
  server.come("/a", ada)
  await clock.pass(100)
  expect(events.splice(0)).toEqual([["bob", "ada"]])
})

test("asks to be told only while somebody listens for it", async () => {
  const { laba, clock, server } = startSimulation()
  const channel = laba.channel("/a")
  await clock.pass(100)
  expect(server.watched).toEqual(new Set())
  const off = channel.on("leave", () => {})
  await clock.pass(100)
  expect(server.watched).toEqual(new Set(["/a"]))
  off()
  await clock.pass(100)
  expect(server.watched).toEqual(new Set())
})
