// What all STOMP clients of a node together have not acknowledged is bounded, and who meets the bound gets everything all the same.
import { describe, expect, test } from "bun:test"
import { startGuarded, tokenFor } from "../access/guarded.ts"
import { eventually } from "../support/eventually.ts"
import { numbers, publishAll } from "../support/publish.ts"
import { freshChannel, startServer } from "../support/server.ts"
import { bodyText, connectStomp } from "../support/stomp.ts"

const channels = { "/**": { history: { count: 5000, bytes: "16MB", time: "10m" } } } as const

type Client = Awaited<ReturnType<typeof connectStomp>>

async function arrived(client: Client): Promise<string[]> {
  client.send("BEGIN", { transaction: "look" })
  client.send("ABORT", { transaction: "look", receipt: "look" })
  const texts: string[] = []
  for (;;) {
    const frame = await client.frames.next()
    if (frame.command === "RECEIPT") return texts
    texts.push(bodyText(frame))
  }
}

/** Takes so many, acknowledging each. */
async function work(client: Client, count: number): Promise<string[]> {
  const texts: string[] = []
  while (texts.length < count) {
    const frame = await client.frame("MESSAGE")
    texts.push(bodyText(frame))
    client.send("ACK", { id: frame.headers["ack"] as string })
  }
  return texts
}

async function metric(base: string, name: string): Promise<number> {
  const text = await (await fetch(`${base}/_/metrics`)).text()
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1])
}

const ack = "client-individual"

describe("what a node has unacknowledged", () => {
  test("[T16] is bounded in messages: beyond it a subscription has one at a time, and more again when there is room", async () => {
    const limits = { unacknowledgedMax: 20, unacknowledgedPerNodeMax: 20 }
    await using server = await startServer({ channels, limits })
    const [full, next] = [freshChannel("topic"), freshChannel("topic")]
    await using first = await connectStomp(server.base)
    await first.subscribe(full, { ack })
    await publishAll(server.base + full, numbers(30))
    const held = await Promise.all(numbers(20).map(() => first.frame("MESSAGE")))
    await using second = await connectStomp(server.base)
    await second.subscribe(next, { ack })
    await publishAll(server.base + next, numbers(40))
    const one = await second.frame("MESSAGE")
    expect(await arrived(second)).toEqual([])
    second.send("ACK", { id: one.headers["ack"] as string })
    expect(await work(second, 5)).toEqual(numbers(5, 2))
    expect(await metric(server.base, "laba_unacknowledged_messages")).toBeLessThanOrEqual(21)
    expect(await metric(server.base, "laba_acknowledgement_pauses_total")).toBeGreaterThan(0)
    for (const { headers } of held) first.send("ACK", { id: headers["ack"] as string })
    expect(await work(first, 10)).toEqual(numbers(10, 21))
    // It is read on at its next acknowledgement, and has many at once from then on.
    expect(await work(second, 1)).toEqual(["7"])
    await eventually(() => expect(second.frames.ready).toBeGreaterThan(5))
    expect(await work(second, 33)).toEqual(numbers(33, 8))
    for (const client of [first, second]) client.close()
    await eventually(async () => expect(await metric(server.base, "laba_unacknowledged_messages")).toBe(0))
  })

  test("[T16] is bounded in bytes: what is beyond waits in the history, and comes in order", async () => {
    const limits = { unacknowledgedBytesPerNodeMax: 64 * 1024 }
    await using server = await startServer({ channels, limits })
    const clients = await Promise.all(numbers(8).map(() => connectStomp(server.base)))
    const filler = "x".repeat(10_000)
    const texts = numbers(12).map((number) => `${number} ${filler}`)
    const own = clients.map(() => freshChannel("topic"))
    for (const [at, client] of clients.entries()) {
      await client.subscribe(own[at] as string, { ack, "prefetch-count": 1 })
      await publishAll(server.base + own[at], texts)
      expect(await metric(server.base, "laba_unacknowledged_bytes")).toBeLessThanOrEqual(64 * 1024)
    }
    for (const client of clients) expect(await work(client, 12)).toEqual(texts)
    await eventually(async () => expect(await metric(server.base, "laba_unacknowledged_bytes")).toBe(0))
  })

  test("[T16] one user leaves room to others", async () => {
    const limits = { unacknowledgedMax: 40, unacknowledgedPerNodeMax: 40 }
    await using server = await startGuarded({ channels: { "/open/**": { listen: "anyone" } }, limits })
    const channel = freshChannel("open")
    const come = async (user: string): Promise<Client> => {
      const client = await connectStomp(server.base, { passcode: await tokenFor(user) })
      await client.subscribe(channel, { ack })
      return client
    }
    await using hoarder = await come("alice")
    await using again = await come("alice")
    for (const number of numbers(30)) await server.laba.publish(channel, number)
    const count = (await arrived(hoarder)).length + (await arrived(again)).length
    expect(count).toBeLessThanOrEqual(21)
    await using other = await come("bob")
    for (const number of numbers(12)) await server.laba.publish(channel, number)
    expect((await arrived(other)).length).toBeGreaterThan(8)
  })
})
