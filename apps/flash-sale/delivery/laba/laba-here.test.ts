// Laba as the shop starts it: what it asks about who comes, and whom it lets read results.
import { afterAll, beforeAll, expect, test } from "bun:test"
import { connect } from "laba/client"
import { auditKey } from "../../audit/laba-note.ts"
import { labaReader } from "../../audit/laba-reader.ts"
import { until } from "../../test/shop-process.ts"
import { labaHere } from "./laba-here.ts"
import { listenToken } from "./listen-token.ts"
import type { LabaPublisher } from "./laba-publisher.ts"
import type { LabaVisitor } from "./visitors.ts"

const secret = "a secret of at least 32 characters"
const key = auditKey("a-secret-that-is-only-for-this-test")
const channel = "/@ann/sales/s"
const visitors: LabaVisitor[] = []
const listening: string[] = []
let laba: LabaPublisher

beforeAll(async () => {
  laba = await labaHere({
    host: "127.0.0.1",
    port: 0,
    engine: "memory",
    secret,
    auditKey: key,
    origins: [],
    hooks: {
      async onConnect(visitor) {
        visitors.push(visitor)
        return undefined
      },
      onMessage: async () => ({ publish: false }),
      onOccupied: (name) => void listening.push(`+${name}`),
      onVacated: (name) => void listening.push(`-${name}`),
    },
  })
})

afterAll(() => laba.close())

const look = (path: string): Promise<Response> =>
  fetch(laba.url + path, { headers: { Authorization: `Bearer ${listenToken(secret, "ann", Date.now())}` } })

test("the shop is asked about who comes, and told which of their channels are empty", async () => {
  for (const path of [channel, `/_/poll?channel=${channel}`]) {
    expect((await look(path)).status).toBeLessThan(300)
    expect(visitors.at(-1)).toMatchObject({ user: "ann", empty: [channel] })
  }
  await laba.publish(channel, '{"number":1}')
  for (const path of [channel, `/_/poll?channel=${channel}`]) {
    expect((await look(path)).status).toBe(200)
    expect(visitors.at(-1)).toMatchObject({ user: "ann", empty: [] })
  }
})

test("the shop is asked as well about what a connection subscribes to, and not about what is everybody's", async () => {
  visitors.length = 0
  const token = () => listenToken(secret, "cat", Date.now())
  const cat = connect(laba.url, { transports: ["websocket"], token })
  for (const name of ["/sales/s", "/@cat/sales/s"]) await cat.channel(name).ready()
  expect(visitors).toEqual([
    { user: "cat", channel: "/@cat/sales/s", channels: [], empty: ["/@cat/sales/s"] },
  ])
  cat.close()
  await laba.publish("/@cat/sales/s", '{"number":3}')
  const again = connect(laba.url, { transports: ["websocket"], token })
  await again.channel("/@cat/sales/s").ready()
  expect(visitors.at(-1)).toEqual({ user: "cat", channel: "/@cat/sales/s", channels: [], empty: [] })
  again.close()
})

test("the shop is told which buyers' channels are heard, and not of everybody's", async () => {
  const told = () => listening.filter((change) => change.includes("dan") || change.includes("/sales/t"))
  const token = () => listenToken(secret, "dan", Date.now())
  const dan = connect(laba.url, { transports: ["websocket"], token })
  for (const name of ["/sales/t", "/@dan/sales/t"]) await dan.channel(name).ready()
  expect(told()).toEqual(["+/@dan/sales/t"])
  dan.close()
  await until(
    async () => told(),
    (changes) => changes.length > 1,
  )
  expect(told()).toEqual(["+/@dan/sales/t", "-/@dan/sales/t"])
})

test("the audit reads results with its key, and nobody else does without being the buyer", async () => {
  const read = labaReader({ url: laba.url, key, listenSecret: secret })
  expect(await read("ann", "s")).toEqual([{ number: 1 }] as never)
  expect(await read("ben", "s")).toEqual([])
  const stranger = labaReader({ url: laba.url, key: `${key}x`, listenSecret: secret })
  await expect(stranger("ann", "s")).rejects.toThrow("401")
  const forged = labaReader({ url: laba.url, key: undefined, listenSecret: `${secret}!` })
  await expect(forged("ann", "s")).rejects.toThrow("401")
})
