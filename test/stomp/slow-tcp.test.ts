// Readers of STOMP over TCP that stop: what they keep of the server's memory, and that nothing is lost or cut when they read on.
import { expect, setDefaultTimeout, test } from "bun:test"
import { residentBytesOf } from "../../bench/measure/process-cost.ts"
import { freePort } from "../../bench/peers/free-port.ts"
import { makeCertificate } from "../support/certificate.ts"
import { publish } from "../support/publish.ts"
import { startProcess } from "../support/process.ts"
import { freshChannel, startServer } from "../support/server.ts"
import { bodyText, openStompTcp } from "../support/stomp.ts"

setDefaultTimeout(120_000)

const filler = "x".repeat(60_000)

test("[T25] many who stopped reading one channel keep its messages once, and not once each", async () => {
  const tcp = freePort()
  await using server = await startProcess({
    config: { stomp: { tcp }, limits: { outboxBytesMax: 1024 * 1024, historyBytesMax: 1024 * 1024 } },
  })
  const channel = freshChannel("topic")
  const stalled = await Promise.all(Array.from({ length: 150 }, () => openStompTcp(tcp)))
  for (const client of stalled) {
    await client.connect()
    await client.subscribe(channel)
    client.socket?.pause()
  }
  await publish(server.base + channel, filler)
  const before = residentBytesOf(server.serverPid)
  // More than a kernel takes for them and less than ends them: about three megabytes wait for each.
  for (let sent = 0; sent < 105; sent++) await publish(server.base + channel, filler)
  expect(residentBytesOf(server.serverPid) - before).toBeLessThan(100 * 2 ** 20)
  for (const client of stalled) client.close()
})

for (const layer of ["plain TCP", "TLS"] as const)
  test(`[T25] a reader that stops now and then gets all of it, whole and in order, over ${layer}`, async () => {
    await using certificate = await makeCertificate()
    const isTls = layer === "TLS"
    await using server = await startServer({
      stomp: { tcp: 0 },
      limits: { outboxBytesMax: 64 * 1024 * 1024 },
      ...(isTls && { tls: certificate.files }),
    })
    const port = server.laba.stompPort as number
    await using client = await openStompTcp(port, isTls ? { ca: certificate.pem } : undefined)
    await client.connect()
    const channel = freshChannel("topic")
    await client.subscribe(channel)
    await client.subscribe(channel, { id: "1", ack: "client" })
    const count = 150
    for (let sent = 0; sent < count; sent++) {
      if (sent % 40 === 10) client.socket?.pause()
      await server.laba.publish(channel, `${sent} ${filler.slice(0, (sent % 7) * 9_000)}`)
      if (sent % 40 === 30) client.socket?.resume()
    }
    client.socket?.resume()
    const heard: Record<string, string[]> = { "0": [], "1": [] }
    while ((heard["0"]?.length ?? 0) + (heard["1"]?.length ?? 0) < 2 * count) {
      const frame = await client.frame("MESSAGE")
      heard[frame.headers["subscription"] as string]?.push(bodyText(frame))
    }
    const all = Array.from({ length: count }, (_, at) => `${at} ${filler.slice(0, (at % 7) * 9_000)}`)
    expect(heard).toEqual({ "0": all, "1": all })
  })
