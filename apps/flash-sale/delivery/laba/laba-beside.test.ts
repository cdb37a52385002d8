// Laba on a thread of its own: what is published crosses, what fails comes back alone, and visitors are asked about here.
import { expect, test } from "bun:test"
import { connect } from "laba/client"
import { auditKey } from "../../audit/laba-note.ts"
import { labaReader } from "../../audit/laba-reader.ts"
import { until } from "../../test/shop-process.ts"
import { labaBeside } from "./laba-beside.ts"
import { listenToken } from "./listen-token.ts"
import type { LabaPublisher } from "./laba-publisher.ts"
import type { LabaVisitor, VisitorHooks } from "./visitors.ts"

const secret = "a secret of the test, of more than thirty-two bytes"

const options = {
  host: "127.0.0.1",
  port: 0,
  engine: "memory",
  secret,
  auditKey: auditKey("a-secret-that-is-only-for-this-test"),
  origins: [],
}

const silent: VisitorHooks = {
  onConnect: async () => undefined,
  onMessage: async () => ({ publish: false }),
  onOccupied: () => {},
  onVacated: () => {},
}

async function withLaba(
  hooks: Partial<VisitorHooks>,
  act: (laba: LabaPublisher) => Promise<void>,
): Promise<void> {
  const laba = await labaBeside({
    ...options,
    hooks: {
      ...silent,
      ...hooks,
    },
  })
  try {
    await act(laba)
  } finally {
    await laba.close()
  }
}

const read = async (laba: LabaPublisher, user: string): Promise<Response> =>
  fetch(`${laba.url}/@${user}/sales/s?token=${listenToken(secret, user, Date.now())}`)

test("what is published in one turn arrives, and only what was wrong is rejected", async () => {
  await withLaba({}, async (laba) => {
    const published = await Promise.allSettled([
      laba.publish("/@ann/sales/s", '{"n":1}'),
      laba.publish("no channel", '{"n":2}'),
      laba.publish("/@ben/sales/s", '{"n":3}'),
    ])
    expect(published.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"])
    expect(await (await read(laba, "ann")).json()).toEqual({ n: 1 })
    expect(await (await read(laba, "ben")).json()).toEqual({ n: 3 })
    expect(await laba.holds("/sales/s")).toBe(false)
  })
}, 30_000)

test("a visitor waits until the shop has said what awaits them", async () => {
  const visitors: LabaVisitor[] = []
  let speaker: LabaPublisher | null = null
  const onConnect = async (visitor: LabaVisitor): Promise<undefined> => {
    visitors.push(visitor)
    await speaker?.publish("/@ann/sales/s", '{"told":true}')
  }
  await withLaba({ onConnect }, async (laba) => {
    speaker = laba
    expect(await (await read(laba, "ann")).json()).toEqual({ told: true })
  })
  expect(visitors).toEqual([
    { user: "ann", channel: "/@ann/sales/s", channels: [], empty: ["/@ann/sales/s"] },
  ])
}, 30_000)

test("who subscribes to a channel that is still empty hears after the shop has said what awaits them", async () => {
  const channel = "/@ann/sales/s"
  const order: string[] = []
  let speaker: LabaPublisher | null = null
  const onConnect = async ({ empty }: LabaVisitor): Promise<undefined> => {
    for (const name of empty) await speaker?.publish(name, '{"told":true}')
    order.push(`told of ${String(empty)}`)
  }
  await withLaba({ onConnect }, async (laba) => {
    speaker = laba
    const token = () => listenToken(secret, "ann", Date.now())
    const ann = connect(laba.url, { transports: ["websocket"], token })
    await ann.channel(channel).ready()
    order.push("subscribed")
    // The audit's key is nobody's own, so nothing is said because of it.
    const read = labaReader({ url: laba.url, key: options.auditKey, listenSecret: secret })
    expect(await read("ann", "s")).toEqual([{ told: true }] as never)
    ann.close()
  })
  expect(order).toEqual([`told of ${channel}`, "subscribed"])
}, 30_000)

test("who begins to listen and who ends crosses, each in order", async () => {
  const users = Array.from({ length: 20 }, (_, at) => `user-${at}`)
  const changes = new Map<string, string>()
  const note = (channel: string, change: string): void =>
    void changes.set(channel, (changes.get(channel) ?? "") + change)
  const settled = (wanted: string): Promise<unknown> =>
    until(
      async () => [...changes],
      (all) => all.length === users.length && all.every(([, one]) => one === wanted),
    )
  const hooks: Partial<VisitorHooks> = {
    onOccupied: (channel) => note(channel, "+"),
    onVacated: (channel) => note(channel, "-"),
  }
  await withLaba(hooks, async (laba) => {
    for (const before of ["", "+-"]) {
      const crowd = users.map((user) => {
        const token = () => listenToken(secret, user, Date.now())
        return connect(laba.url, { transports: ["websocket"], token })
      })
      await Promise.all(crowd.map((one, at) => one.channel(`/@${users[at]}/sales/s`).ready()))
      await settled(`${before}+`)
      for (const one of crowd) one.close()
      await settled(`${before}+-`)
    }
  })
  expect([...changes.keys()].sort()).toEqual(users.map((user) => `/@${user}/sales/s`).sort())
}, 30_000)

test("what the shop answers to a message reaches its sender", async () => {
  const onMessage: VisitorHooks["onMessage"] = async ({ data }) => ({
    publish: false,
    reply: `heard ${String(data)}`,
  })
  await withLaba({ onMessage }, async (laba) => {
    const token = listenToken(secret, "ann", Date.now())
    const socket = new WebSocket(`${laba.url.replace("http", "ws")}/@ann/sales/s?token=${token}`)
    await new Promise((resolve) => socket.addEventListener("open", resolve))
    const heard = new Promise((resolve) => socket.addEventListener("message", ({ data }) => resolve(data)))
    socket.send("status")
    expect(await heard).toBe("heard status")
    socket.close()
  })
}, 30_000)

test("a Laba that cannot start says why", async () => {
  await withLaba({}, async (laba) => {
    const port = Number(new URL(laba.url).port)
    const second = labaBeside({ ...options, port, hooks: silent })
    await expect(second).rejects.toThrow(/port|EADDRINUSE|in use/i)
  })
}, 30_000)
