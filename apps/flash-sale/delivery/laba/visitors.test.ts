// What awaits who connects, and what becomes of what they say, without any socket.
import { expect, test } from "bun:test"
import { resultChannel } from "../../model/record.ts"
import { World } from "../../test/world.ts"
import { Conversation } from "./conversation.ts"
import { visitorHooks } from "./visitors.ts"

const two = { items: [{ id: "i", title: "A thing", stock: 2, price: 100 }] }

function visited(world: World) {
  const told: number[] = []
  const watched: string[] = []
  const find = (id: string) => (id === "s" ? world.sale : null)
  const log = (line: string) => void world.logged.push(line)
  const conversation = new Conversation({ find, cashier: world.cashier, log })
  const hooks = visitorHooks({
    find,
    conversation,
    tellNow: async (_, ticket) => void told.push(ticket.number),
    watching: (sale, user, isWatching) =>
      void watched.push(`${user} ${isWatching ? "hears" : "leaves"} ${sale.id}`),
  })
  const say = (user: string | undefined, text: string, channel = "/@ann/sales/s") =>
    conversation.answer({ user, channel, text })
  return { hooks, told, watched, say }
}

const connect = (user: string | undefined, channel: string, empty: readonly string[]) => ({
  user,
  channel,
  channels: [],
  empty,
})

test("nobody finds an empty channel for a ticket that exists", async () => {
  using world = new World(two)
  await world.admitted("ann")
  await world.work()
  const { hooks, told } = visited(world)
  const channel = "/@ann/sales/s"
  await hooks.onConnect(connect("ann", channel, []))
  expect(told).toEqual([])
  await hooks.onConnect(connect("ann", channel, [channel]))
  expect(told).toEqual([1])
  await hooks.onConnect(connect(undefined, channel, [channel]))
  await hooks.onConnect(connect("ben", "/@ben/sales/s", ["/@ben/sales/s"]))
  await hooks.onConnect(connect("ann", "/@ann/sales/other", ["/@ann/sales/other"]))
  expect(told).toEqual([1])
})

test("an empty channel is told of the ticket that its owner has now, not of one before", async () => {
  using world = new World(two)
  await world.admitted("ann")
  world.sale.leave(world.ticket(1))
  await world.admitted("ann", { key: "again" })
  await world.work()
  const { hooks, told, say } = visited(world)
  await hooks.onConnect(connect("ann", "/@ann/sales/s", ["/@ann/sales/s"]))
  expect(told).toEqual([2])
  expect(await say("ann", '{"do":"status"}')).toMatchObject({ ticket: { number: 2, state: "won" } })
})

test("who listens is told by the user's name, however the channel spells it", () => {
  using world = new World(two)
  const { hooks, watched } = visited(world)
  hooks.onOccupied("/@ann/sales/s")
  hooks.onVacated("/@ann/sales/s")
  for (const user of ["李雷", "a+b@c.example", "!~*'()"]) hooks.onOccupied(resultChannel(user, "s"))
  // As Laba spells it: what may stand raw in a path does.
  hooks.onVacated("/@a+b@c.example/sales/s")
  expect(watched).toEqual([
    "ann hears s",
    "ann leaves s",
    "李雷 hears s",
    "a+b@c.example hears s",
    "!~*'() hears s",
    "a+b@c.example leaves s",
  ])
})

test("who listens to anything but results of a sale that is there is not told of", () => {
  using world = new World(two)
  const { hooks, watched } = visited(world)
  for (const channel of [
    "/@ann/sales/other",
    "/@ann/sales",
    "/@ann/x/sales/s",
    "/@ann/sales/s/x",
    "/sales/s",
    // Users that no login of the shop lets in.
    "/@m%2565/sales/s",
    "/@a%252Fb/sales/s",
  ]) {
    hooks.onOccupied(channel)
    hooks.onVacated(channel)
  }
  expect(watched).toEqual([])
})

test("everything may be said twice, and does nothing twice", async () => {
  using world = new World(two)
  const { say } = visited(world)
  expect(await say("ann", '{"do":"status"}')).toEqual({ asked: "status", failed: "no_ticket" })
  await world.admitted("ann")
  expect(await say("ann", '{"do":"pay","ref":7}')).toEqual({ ref: 7, asked: "pay", failed: "no_order" })
  await world.work()
  const paying = await say("ann", '{"do":"pay"}')
  expect(paying).toEqual({ asked: "pay", payUrl: `http://pay/${world.reference(1)}` })
  expect(await say("ann", '{"do":"pay"}')).toEqual(paying)
  expect(await say("ann", '{"do":"leave"}')).toMatchObject({
    asked: "leave",
    done: false,
    ticket: { state: "won" },
  })
  for (let time = 0; time < 2; time++)
    expect(await say("ann", '{"do":"cancel"}')).toMatchObject({
      done: true,
      ticket: { order: { state: "cancelled" } },
    })
  expect(await say("ann", '{"do":"pay"}')).toEqual({ asked: "pay", failed: "not_payable" })
  expect(world.sale.book.items[0]!.counts).toMatchObject({ available: 2, held: 0 })
})

test("what is not understood is told so, and strangers are not answered", async () => {
  using world = new World(two)
  await world.admitted("ann")
  const { say } = visited(world)
  for (const text of ["", "null", "[]", "{", '{"do":"win"}', '{"do":{"do":"pay"}}'])
    expect(await say("ann", text)).toEqual({ asked: null, failed: "not_understood" })
  expect(await say("ann", `{"do":"status","ref":"${"x".repeat(65)}"}`)).not.toHaveProperty("ref")
  expect(await say("ben", '{"do":"cancel"}')).toBeNull()
  expect(await say(undefined, '{"do":"cancel"}')).toBeNull()
  expect(await say("ann", '{"do":"cancel"}', "/sales/s")).toBeNull()
})

test("a wish that cannot be written down is told so, and can be said again", async () => {
  using world = new World(two)
  await world.admitted("ann")
  const { say } = visited(world)
  world.onStep = () => {
    throw new Error("database or disk is full")
  }
  expect(await say("ann", '{"do":"leave"}')).toEqual({ asked: "leave", failed: "not_saved" })
  world.onStep = () => {}
  expect(await say("ann", '{"do":"leave"}')).toMatchObject({ done: true, ticket: { state: "left" } })
})
