// A server whose date is set while clients of STOMP are connected: what is agreed on with them goes by a clock that nobody sets.
import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { freePort } from "../../bench/peers/free-port.ts"
import { credentials, shop, tokenFor, inSeconds } from "../access/guarded.ts"
import { NodeProcess } from "../cluster/node-process.ts"
import { eventually } from "../support/eventually.ts"
import { freshChannel } from "../support/server.ts"
import { bodyText, openStompTcp } from "../support/stomp.ts"

setDefaultTimeout(60_000)

const hourMs = 3_600_000

async function startJumping(clockJumpMs: number) {
  const tcp = freePort()
  const node = await NodeProcess.start(
    {
      ...credentials,
      listen: { port: 0 },
      stomp: { tcp },
      channels: { "/open/**": { listen: "anyone", history: { count: 100, time: "10m" } } },
      limits: { heartbeatSeconds: 1, drainSeconds: 0 },
    },
    { clockJumpMs },
  )
  const base = node.base.replace(/\/+$/, "")
  const headers = { authorization: `Bearer ${shop.text}`, "content-type": "text/plain" }
  const publish = async (channel: string, body: string): Promise<string> => {
    const answer = await fetch(base + channel, { method: "POST", headers, body })
    expect(answer.status).toBe(201)
    return ((await answer.json()) as { cursor: string }).cursor
  }
  return {
    tcp,
    publish,
    /** Sets the date, and waits until a message has it. */
    async jump(): Promise<void> {
      const start = await publish("/open/clock", "start")
      node.jumpClock()
      await eventually(async () => {
        await publish("/open/clock", "look")
        const page = (await (await fetch(`${base}/open/clock?after=${start}`, { headers })).json()) as {
          messages: { time: number }[]
        }
        const time = page.messages.at(-1)?.time ?? 0
        expect(Math.abs(time - Date.now())).toBeGreaterThan(hourMs / 2)
      })
    },
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  }
}

describe.each([
  ["back", -hourMs],
  ["ahead", hourMs],
])("when the date is set %s by an hour", (_, clockJumpMs) => {
  test("[T11] heart-beats go on as agreed: who beats stays, who is silent is cut when they would have been, the server beats", async () => {
    await using server = await startJumping(clockJumpMs)
    await using beating = await openStompTcp(server.tcp)
    await using silent = await openStompTcp(server.tcp)
    for (const client of [beating, silent]) await client.connect({ "heart-beat": "1000,1000" })
    const began = performance.now()
    let isCut = false
    const cutAt = silent.ended.promise.then(() => {
      isCut = true
      return performance.now() - began
    })
    const beats = setInterval(() => beating.sendRaw("\n"), 400)
    try {
      await server.jump()
      expect(isCut).toBe(false)
      expect(await cutAt).toBeGreaterThan(1900)
      const before = beating.beats
      await Bun.sleep(2500)
      expect(beating.beats - before).toBeGreaterThanOrEqual(2)
      await beating.subscribe("/open/still-there")
    } finally {
      clearInterval(beats)
    }
  })

  test("[T13] [T14] who listens hears on, in order, and who comes back goes on from the last cursor", async () => {
    await using server = await startJumping(clockJumpMs)
    const channel = freshChannel("open")
    await using listener = await openStompTcp(server.tcp)
    await listener.connect()
    await listener.subscribe(channel)
    await server.publish(channel, "before")
    const { cursor } = (await listener.frame("MESSAGE")).headers
    await server.jump()
    for (const text of ["one", "two"]) await server.publish(channel, text)
    for (const text of ["one", "two"]) expect(bodyText(await listener.frame("MESSAGE"))).toBe(text)
    await using returning = await openStompTcp(server.tcp)
    await returning.connect()
    expect((await returning.subscribe(channel, { after: cursor as string }))["recovered"]).toBe("true")
    for (const text of ["one", "two"]) expect(bodyText(await returning.frame("MESSAGE"))).toBe(text)
  })

  test("[A7] [T10] a token that runs out ends its connection, neither much later nor never", async () => {
    await using server = await startJumping(clockJumpMs)
    await using client = await openStompTcp(server.tcp)
    // It is good for the leeway of five seconds.
    await client.connect({ passcode: await tokenFor("ann", { exp: inSeconds(1), iat: inSeconds(-60) }) })
    const began = performance.now()
    await server.jump()
    expect(await client.errorCode()).toBe("token_expired")
    expect(performance.now() - began).toBeLessThan(8000)
  })
})
