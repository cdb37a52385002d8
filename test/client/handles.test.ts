// Several who use one channel of one connection, also under several names: each has its own listeners, its own unread
// messages and its own end, and none makes another one deaf.
import { expect, test } from "bun:test"
import type { Channel } from "../../client/channels/channel.ts"
import { startSimulation } from "./simulation.ts"

function heardBy(channel: Channel): unknown[] {
  const heard: unknown[] = []
  channel.on("message", ({ data }) => heard.push(data))
  channel.on("reset", ({ reason }) => heard.push(reason))
  return heard
}

test("two who ask for one channel get a handle each over one subscription, which ends with the last", async () => {
  const { laba, clock, server } = startSimulation()
  const [one, two] = [laba.channel("/a"), laba.channel("/a")]
  expect(one).not.toBe(two)
  const [heardByOne, heardByTwo] = [heardBy(one), heardBy(two)]
  await clock.pass(100)
  expect(server.subscribes("/a")).toBe(1)
  server.publish("/a", 1)
  await clock.pass(100)
  one.close()
  expect([one.state, two.state]).toEqual(["closed", "open"])
  server.publish("/a", 2)
  await clock.pass(100)
  expect([heardByOne, heardByTwo]).toEqual([[1], [1, 2]])
  one.close()
  expect(server.listeners("/a")).toBe(1)
  two.close()
  await clock.pass(100)
  expect(server.listeners("/a")).toBe(0)
})

test("a handle on a channel that is open stands where it stood then, and has what comes from then on", async () => {
  const { laba, clock, server } = startSimulation()
  heardBy(laba.channel("/a"))
  await clock.pass(100)
  server.publish("/a", 1)
  await clock.pass(100)
  const later = laba.channel("/a")
  expect(await later.ready()).toEqual({ cursor: server.tail("/a"), recovered: false, history: "kept" })
  server.publish("/a", 2)
  await clock.pass(100)
  // Kept until its first listener comes, though others have read it.
  const heard = heardBy(later)
  await clock.pass(100)
  expect(heard).toEqual([2])
})

test("who reads nothing holds up nobody who reads, and is told of the hole when it begins to", async () => {
  const { laba, clock, server } = startSimulation({ bufferMax: 10 })
  const idle = laba.channel("/a")
  const heard = heardBy(laba.channel("/a"))
  await clock.pass(100)
  for (let n = 1; n <= 25; n++) server.publish("/a", n)
  await clock.pass(100)
  expect(heard).toEqual(Array.from({ length: 25 }, (_, index) => index + 1))
  const late = heardBy(idle)
  await clock.pass(100)
  expect(late).toEqual(["skipped", 20, 21, 22, 23, 24, 25])
})

test("one that is full rests the subscription until somebody reads or it closes", async () => {
  const { laba, clock, server } = startSimulation({ bufferMax: 10 })
  const unread = laba.channel("/a")
  await clock.pass(100)
  for (let n = 1; n <= 25; n++) server.publish("/a", n)
  await clock.pass(100)
  expect(unread.state).toBe("idle")
  const heard = heardBy(laba.channel("/a"))
  await clock.pass(100)
  expect(unread.state).toBe("open")
  expect(heard).toEqual(Array.from({ length: 15 }, (_, index) => index + 11))
})

test("a channel that the server has attached is the first one's who asks, and begins anew when it was over by then", async () => {
  const { laba, clock, server } = startSimulation()
  await clock.pass(100)
  const attach = async (): Promise<void> => {
    const cursor = server.tail("/a")
    server.tellAll({ op: "subscribed", channel: "/a", cursor, recovered: false, history: "kept" })
    await clock.pass(100)
  }
  await attach()
  server.publish("/a", 1)
  await clock.pass(100)
  const first = laba.channel("/a")
  const heard = heardBy(first)
  await clock.pass(100)
  expect(heard).toEqual([1])
  first.close()
  await attach()
  server.tell("/a", { op: "error", channel: "/a", code: "forbidden", detail: "", retry: "stay-away" })
  await clock.pass(100)
  const second = laba.channel("/a")
  await clock.pass(100)
  expect([first.state, second.state, server.listeners("/a")]).toEqual(["closed", "open", 1])
})

for (const history of ["kept", "none"] as const) {
  test(`two names of one channel are one subscription, and neither is deaf (history: ${history})`, async () => {
    const { laba, clock, server } = startSimulation({}, ({ server: model }) => {
      model.names.set("/@me/x", "/@7/x").set("/a%2Db", "/a-b")
      model.history = history
    })
    for (const [spelled, name] of [
      ["/@me/x", "/@7/x"],
      ["/a%2Db", "/a-b"],
    ] as const) {
      const first = laba.channel(name)
      const heardByFirst = heardBy(first)
      await clock.pass(100)
      server.publish(name, 1)
      await clock.pass(100)
      const second = laba.channel(spelled)
      const heardBySecond = heardBy(second)
      await clock.pass(100)
      expect([first.state, second.state]).toEqual(["open", "open"])
      expect(second.name).toBe(spelled)
      server.publish(name, 2)
      await clock.pass(100)
      expect([heardByFirst, heardBySecond]).toEqual([[1, 2], [2]])
      // The first to close silences nobody, and a third joins without a word to the server.
      first.close()
      const third = heardBy(laba.channel(spelled))
      server.publish(name, 3)
      await clock.pass(100)
      expect([heardByFirst, heardBySecond, third]).toEqual([[1, 2], [1, 2, 3].slice(1), [3]])
    }
  })
}

test("two names of one channel that are opened together, before the connection, lose nothing over a loss of it", async () => {
  const { laba, clock, server, network } = startSimulation({}, ({ server: model }) => {
    model.names.set("/a%2Db", "/a-b")
  })
  const heard = [heardBy(laba.channel("/a%2Db")), heardBy(laba.channel("/a-b"))]
  await clock.pass(100)
  server.publish("/a-b", 1)
  await clock.pass(100)
  network.cut({ isSilent: false })
  server.publish("/a-b", 2)
  await clock.pass(60_000)
  server.publish("/a-b", 3)
  await clock.pass(100)
  expect(heard).toEqual([
    [1, 2, 3],
    [1, 2, 3],
  ])
})

test("what comes in the midst of finding out is neither lost nor doubled", async () => {
  const { laba, clock, server } = startSimulation({}, ({ server: model }) => {
    model.names.set("/a%2Db", "/a-b")
  })
  const first = heardBy(laba.channel("/a-b"))
  await clock.pass(100)
  laba.channel("/a%2Db")
  for (let n = 1; n <= 50; n++) {
    server.publish("/a-b", n)
    await clock.pass(2)
  }
  await clock.pass(100)
  expect(first).toEqual(Array.from({ length: 50 }, (_, index) => index + 1))
})

test("another name of an open channel cannot start elsewhere in it, and says so", async () => {
  const { laba, clock, server } = startSimulation({}, ({ server: model }) => {
    model.names.set("/a%2Db", "/a-b")
  })
  const { cursor } = server.publish("/a-b", "before")
  const first = heardBy(laba.channel("/a-b"))
  await clock.pass(100)
  const second = laba.channel("/a%2Db", { after: cursor })
  const refused = second.ready().catch((reason: unknown) => reason)
  await clock.pass(100)
  expect(await refused).toMatchObject({ code: "bad_cursor" })
  expect(second.state).toBe("closed")
  server.publish("/a-b", 1)
  await clock.pass(100)
  expect(first).toEqual([1])
})

test("closing one name of a channel while another is being subscribed leaves the other one hearing", async () => {
  const { laba, clock, server } = startSimulation({}, ({ server: model }) => {
    model.names.set("/a%2Db", "/a-b")
  })
  const first = laba.channel("/a-b")
  await clock.pass(100)
  const second = heardBy(laba.channel("/a%2Db"))
  // Its unsubscribe is behind the other one's subscribe, and the server knows one channel.
  first.close()
  await clock.pass(100)
  server.publish("/a-b", 1)
  await clock.pass(100)
  expect(second).toEqual([1])
  expect(server.listeners("/a-b")).toBe(1)
})

test("a handle that was closed publishes no more, and one that the server has ended leaves that to the server", async () => {
  const { laba, clock, server } = startSimulation()
  const [one, two] = [laba.channel("/a"), laba.channel("/a")]
  await clock.pass(100)
  one.close()
  await expect(one.publish("late")).rejects.toMatchObject({ code: "closed" })
  const published = two.publish("in time")
  await clock.pass(100)
  expect(await published).toMatchObject({ channel: "/a" })
  server.tell("/a", { op: "error", channel: "/a", code: "forbidden", detail: "", retry: "stay-away" })
  await clock.pass(100)
  expect(two.state).toBe("closed")
  const allowed = two.publish("may still speak")
  await clock.pass(100)
  expect(await allowed).toMatchObject({ channel: "/a" })
  expect(server.accepted.map(({ data }) => data)).toEqual(["in time", "may still speak"])
})
