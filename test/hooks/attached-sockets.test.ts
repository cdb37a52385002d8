// A WebSocket to which the application attaches a channel twice, or its own: it is one listener of each all the same.
import { expect, test } from "bun:test"
import { connectByLaba } from "../support/laba-socket.ts"
import { textOf } from "../support/heard.ts"
import { headOf, publish } from "../support/publish.ts"
import { freshChannel, startServer } from "../support/server.ts"
import { laba, rawWebSocket } from "../support/transports.ts"

for (const transport of [rawWebSocket, laba]) {
  test(`[L2] goes on from its cursor in its own channel, and listens once to each (${transport.name})`, async () => {
    const [own, news] = [freshChannel("own"), freshChannel("news")]
    await using server = await startServer({
      logTo: () => {},
      onConnect: () => ({ channels: [news, own, news] }),
    })
    const { cursor } = await headOf(server.base + own)
    await publish(server.base + own, "missed")
    {
      await using listener = await transport.open(server.base, own, cursor)
      expect(textOf(await listener.message())).toBe("missed")
      const listeners = await Promise.all(
        [own, news].map(async (one) => (await headOf(server.base + one)).listeners),
      )
      expect(listeners).toEqual([1, 1])
      for (const channel of [own, news]) {
        await publish(server.base + channel, `heard on ${channel}`)
        expect(textOf(await listener.message())).toBe(`heard on ${channel}`)
      }
    }
  })
}

test("listens to all that is attached, more than a client may ask for by itself as well", async () => {
  const [own, ...attached] = [1, 2, 3].map((index) => freshChannel(`attached${index}`)) as [
    string,
    string,
    string,
  ]
  await using server = await startServer({
    logTo: () => {},
    limits: { channelsPerConnectionMax: 1 },
    onConnect: () => ({ channels: attached }),
  })
  await using listener = await connectByLaba(server.base + own)
  for (const channel of [own, ...attached]) {
    await publish(server.base + channel, `heard on ${channel}`)
    expect(textOf(await listener.message())).toBe(`heard on ${channel}`)
  }
  const session = await fetch(`${server.base}/_/session`, { method: "POST" })
  expect(session.status).toBe(201)
})
