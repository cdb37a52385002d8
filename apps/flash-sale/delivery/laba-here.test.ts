// Laba as the shop starts it: what it asks about who comes, and whom it lets read results.
import { afterAll, beforeAll, expect, test } from "bun:test"
import { auditKey } from "../audit/laba-note.ts"
import { labaReader } from "../audit/laba-reader.ts"
import { labaHere } from "./laba-here.ts"
import { listenToken } from "./listen-token.ts"
import type { Loudspeaker } from "./loudspeaker.ts"
import type { LabaVisitor } from "./visitors.ts"

const secret = "a secret of at least 32 characters"
const key = auditKey("a-secret-that-is-only-for-this-test")
const channel = "/@ann/sales/s"
const visitors: LabaVisitor[] = []
let laba: Loudspeaker

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

test("the audit reads results with its key, and nobody else does without being the buyer", async () => {
  const read = labaReader({ url: laba.url, key, listenSecret: secret })
  expect(await read("ann", "s")).toEqual([{ number: 1 }] as never)
  expect(await read("ben", "s")).toEqual([])
  const stranger = labaReader({ url: laba.url, key: `${key}x`, listenSecret: secret })
  await expect(stranger("ann", "s")).rejects.toThrow("401")
  const forged = labaReader({ url: laba.url, key: undefined, listenSecret: `${secret}!` })
  await expect(forged("ann", "s")).rejects.toThrow("401")
})
